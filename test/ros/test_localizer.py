# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The localizer over DDS: every topic and service, and what it says when something is wrong."""

from __future__ import annotations

import math
import threading

from anyloc_ros.ros.localizer import Localizer
from anyloc_ros.ros.matches import read_matches
import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image, PointCloud2
from std_msgs.msg import Float32, Float32MultiArray, Int32MultiArray
from std_srvs.srv import SetBool
from visualization_msgs.msg import MarkerArray

STATUS_KEYS = (
    'state',
    'reason',
    'age_ms',
    'describe_ms',
    'search_ms',
    'filter_ms',
    'verify_ms',
    'rate_hz',
    'received',
    'dropped',
    'bad_images',
    'best_reference_id',
    'best_similarity',
    'margin',
    'off_route_probability',
    'relocalized',
    'distance_since_accept_m',
    'time_since_accept_s',
    'device',
    'precision',
    'memory_mb',
    'map_file',
    'map_fingerprint',
)


def ask(peer, got, message):
    """Publish an image and return the answer, which carries its stamp."""
    before = len(got)
    peer.publish('image', message)
    peer.until(lambda: len(got) > before)
    assert got[-1].header.stamp == message.header.stamp
    return got[-1]


def test_an_image_is_answered_on_every_topic(peer, localizer):
    matches = peer.listen(PointCloud2, '/localizer/matches')
    ids = peer.listen(Int32MultiArray, '/localizer/match_ids')
    scores = peer.listen(Float32MultiArray, '/localizer/match_scores')
    poses = peer.listen(PoseWithCovarianceStamped, '/localizer/pose')
    progress = peer.listen(Float32, '/localizer/progress')
    markers = peer.listen(MarkerArray, '/localizer/markers')
    pictures = peer.listen(Image, '/localizer/match_image')
    diagnostics = peer.listen(DiagnosticArray, '/diagnostics')
    status = peer.status('localizer')
    peer.until(lambda: localizer._debug.picture_wanted)
    message = peer.image(3, peer.now_ns)
    peer.until(lambda: matches and ids and scores and poses and progress and markers and pictures)
    stamp = message.header.stamp
    for output in (matches, poses, pictures):
        assert output[0].header.stamp == stamp
    assert matches[0].header.frame_id == poses[0].header.frame_id == 'map'

    best, *others = read_matches(matches[0])
    assert (best.reference_id, best.index, best.route, best.accepted) == (3, 3, 0, True)
    assert (best.x, best.y, best.z, best.yaw) == (3.0, 0.0, 0.0, 0.0)
    assert best.similarity == pytest.approx(1.0, abs=1e-3)
    assert len(others) == 4 and not any(match.accepted for match in others)
    similarities = [match.similarity for match in (best, *others)]
    assert similarities == sorted(similarities, reverse=True)
    assert best.inliers == -1
    unknown = (best.probability, best.shift_px, best.heading_rad, best.heading_sigma)
    assert all(map(math.isnan, unknown))

    assert ids[0].data.tolist() == [3, *(match.reference_id for match in others)]
    assert np.allclose(scores[0].data, [best.similarity, *(m.similarity for m in others)])
    assert poses[0].pose.pose.position.x == 3.0
    assert poses[0].pose.covariance.reshape(6, 6).diagonal().min() > 0
    assert progress[0].data == pytest.approx(3 / 9)
    assert markers[0].markers[1].pose.position.x == 3.0
    assert pictures[0].width == 2 * 480 + 16

    values = peer.until(lambda: status() if status().get('state') == 'LOCALIZED' else None)
    assert values['level'] == DiagnosticStatus.OK
    assert (values['received'], values['processed'], values['dropped']) == ('1', '1', '0')
    assert (values['best_reference_id'], values['device']) == ('3', 'cpu')
    assert 0 <= float(values['age_ms']) < 20_000
    assert set(STATUS_KEYS) <= set(values)
    assert peer.until(lambda: [m for m in diagnostics if m.status[0].name == 'localizer'])


def test_a_place_that_is_not_accepted_is_answered_too(peer, localizer):
    matches = peer.listen(PointCloud2, '/localizer/matches')
    ids = peer.listen(Int32MultiArray, '/localizer/match_ids')
    poses = peer.listen(PoseWithCovarianceStamped, '/localizer/pose')
    status = peer.status('localizer')
    peer.image(None, peer.now_ns)
    peer.until(lambda: matches and ids)
    assert len(read_matches(matches[0])) == 5
    assert not any(match.accepted for match in read_matches(matches[0]))
    assert not ids[0].data and not poses
    values = peer.until(lambda: status() if status().get('state') == 'SEARCHING' else None)
    assert values['level'] == DiagnosticStatus.WARN
    assert 'below' in values['reason']


def test_padded_rows_are_the_same_image(peer, localizer):
    matches = peer.listen(PointCloud2, '/localizer/matches')
    plain, padded = peer.image(4, peer.now_ns), None
    peer.until(lambda: len(matches) == 1)
    padded = peer.image(4, peer.now_ns, padding=7)
    peer.until(lambda: len(matches) == 2)
    assert padded.step == plain.step + 7
    first, second = map(read_matches, matches)
    assert first[0].reference_id == second[0].reference_id == 4
    assert second[0].similarity == first[0].similarity


def test_a_bad_image_is_counted_and_answered(peer, localizer):
    matches = peer.listen(PointCloud2, '/localizer/matches')
    status = peer.status('localizer')
    broken = peer.image(4, peer.now_ns - 10**9)
    broken.data = broken.data[:-1]
    broken.header.stamp.sec += 1
    peer.until(lambda: matches)
    answer = ask(peer, matches, broken)
    assert answer.width == 0 and len(answer.fields) == 14
    values = peer.until(lambda: status() if status().get('bad_images') == '1' else None)
    assert 'bytes of data' in values['reason']
    good = peer.image(5, peer.now_ns)
    peer.until(lambda: matches[-1].header.stamp == good.header.stamp)
    assert read_matches(matches[-1])[0].reference_id == 5


def test_compressed_images_and_a_truncated_one(peer, start, taught):
    matches = peer.listen(PointCloud2, '/localizer/matches')
    peer.publisher('image/compressed', CompressedImage)
    node = start(Localizer, map_path=str(taught), image_transport='compressed')
    peer.until(lambda: node.phase == 'active' and node.inputs.image.reliability == 'reliable')
    assert node.inputs.image.topic == '/image/compressed'
    jpeg = cv2.imencode('.jpg', peer.scene(6)[:, :, ::-1])[1].tobytes()
    for second, (data, points) in enumerate(((jpeg[:40], 0), (jpeg, 5))):
        before = len(matches)
        message = CompressedImage(format='jpeg', data=data)
        message.header.stamp.sec = 1_700_000_000 + second
        peer.publish('image/compressed', message)
        peer.until(lambda n=before: len(matches) > n)
        assert matches[-1].width == points
    assert read_matches(matches[-1])[0].reference_id == 6
    assert node.standing.bad_images == 1


def test_a_silent_camera_is_stale(peer, localizer, monkeypatch):
    monkeypatch.setattr('anyloc_ros.ros.localize_report.STALE_AFTER_S', 0.3)
    status = peer.status('localizer')
    peer.image(3, peer.now_ns)
    peer.until(lambda: status().get('state') == 'LOCALIZED')
    values = peer.until(lambda: status() if status().get('state') == 'STALE' else None)
    assert values['level'] == DiagnosticStatus.STALE
    assert 'no image for' in values['reason']


def test_old_stamps_are_stale_and_say_why(peer, localizer):
    status = peer.status('localizer')
    assert peer.until(lambda: status() if 'no image yet' in status().get('reason', '') else None)
    peer.image(3, 1_700_000_000 * 10**9)
    values = peer.until(lambda: status() if 'stamps' in status().get('reason', '') else None)
    assert values['state'] == 'STALE'
    assert 'use_sim_time' in values['reason']


@pytest.fixture
def slow(localizer, monkeypatch):
    """Give an event that lets a describer go on which holds on to every image until then."""
    go_on = threading.Event()
    recognizer = localizer.loaded.recognizer
    quick = recognizer.describer.extractor.extract

    def extract(images):
        assert go_on.wait(20)
        return quick(images)

    monkeypatch.setattr(recognizer.describer.extractor, 'extract', extract)
    yield go_on
    go_on.set()


def test_the_newest_image_waits_and_the_others_are_counted(peer, localizer, slow):
    matches = peer.listen(PointCloud2, '/localizer/matches')
    sent = []
    for place in range(7):
        sent.append(peer.image(place, peer.now_ns))
        peer.until(lambda: localizer.mailbox.counts.received == len(sent))
        counts = localizer.mailbox.counts
        assert counts.received == counts.processed + counts.dropped + counts.pending
        if place == 0:  # the worker has it before the next one could replace it
            peer.until(lambda: not localizer.mailbox.waiting)
    # The first is being described, the last waits, five were replaced. Services go on.
    peer.until(lambda: localizer.mailbox.waiting == 1)
    assert (counts.processed, counts.dropped, counts.pending) == (0, 5, 2)
    assert peer.call('/localizer/enable', SetBool, data=True).success
    slow.set()
    peer.until(lambda: len(matches) == 2)
    assert [m.header.stamp for m in matches] == [sent[0].header.stamp, sent[-1].header.stamp]
    counts = localizer.mailbox.counts
    assert (counts.received, counts.processed, counts.dropped, counts.pending) == (7, 2, 5, 0)


def test_disabled_it_looks_at_nothing(peer, localizer):
    status = peer.status('localizer')
    assert peer.call('/localizer/enable', SetBool, data=False).success
    peer.until(lambda: status().get('reason') == 'disabled by ~/enable')
    matches = peer.listen(PointCloud2, '/localizer/matches')
    peer.image(3, peer.now_ns)
    peer.until(lambda: localizer.mailbox.counts.dropped == 1)
    assert peer.call('/localizer/enable', SetBool, data=True).success
    seen = peer.image(4, peer.now_ns)
    peer.until(lambda: matches)
    assert matches[0].header.stamp == seen.header.stamp


def test_thresholds_change_live(peer, localizer):
    matches = peer.listen(PointCloud2, '/localizer/matches')
    assert peer.set_parameter('localizer', 'accept_margin', 1.9).successful
    peer.image(3, peer.now_ns)
    peer.until(lambda: len(matches) == 1)
    assert peer.set_parameter('localizer', 'accept_margin', 'auto').successful
    peer.image(3, peer.now_ns)
    peer.until(lambda: len(matches) == 2)
    assert [read_matches(m)[0].accepted for m in matches] == [False, True]


def test_candidates_are_verified_where_asked_for(peer, connected, taught):
    connected(Localizer, map_path=str(taught), verify='patches')
    matches, status = peer.listen(PointCloud2, '/localizer/matches'), peer.status('localizer')
    peer.image(3, peer.now_ns)
    peer.until(lambda: matches)
    best, *others = read_matches(matches[0])
    assert best.reference_id == 3
    assert best.inliers > max(match.inliers for match in others) >= 0
    assert best.shift_px == pytest.approx(0, abs=1)
    assert math.isnan(best.heading_rad)  # the map has no calibration
    peer.until(lambda: float(status().get('verify_ms') or 0) > 0)
