# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The reliability of subscriptions follows that of the publishers, or does not fit and says so."""

from __future__ import annotations

from anyloc_ros.ros.following import FollowingSubscription
import pytest
from rclpy.qos import qos_profile_sensor_data
from std_msgs.msg import String


@pytest.fixture
def follow(peer):
    """Give what subscribes to `words`: the subscription, what it got, what it warned of."""
    made = []

    def make(reliability='auto'):
        got, warned = [], []
        subscription = FollowingSubscription(
            peer.node,
            String,
            'words',
            lambda message: got.append(message.data),
            depth=1,
            reliability=reliability,
            warn=warned.append,
        )
        made.append(subscription)
        return subscription, got, warned

    yield make
    for subscription in made:
        subscription.destroy()


def until_followed(peer, subscription, reliability):
    """Ask for the publishers until the subscription is so."""

    def followed():
        subscription.follow()
        return subscription.reliability == reliability

    peer.until(followed)


def until_heard(peer, got):
    """Publish until something arrives."""

    def heard():
        peer.publish('words', String(data='here'))
        return got

    peer.until(heard)


def test_it_is_as_the_publishers_are_and_changes_with_them(peer, follow):
    subscription, got, warned = follow()
    assert subscription.reliability == 'best_effort' and not subscription.publishers
    peer.publisher('words', String, 10)
    until_followed(peer, subscription, 'reliable')
    until_heard(peer, got)
    # A second publisher that is best-effort: only so both are heard.
    second = peer.node.create_publisher(String, 'words', qos_profile_sensor_data)
    until_followed(peer, subscription, 'best_effort')
    peer.node.destroy_publisher(second)
    until_followed(peer, subscription, 'reliable')
    got.clear()
    until_heard(peer, got)
    assert warned == []


def test_a_best_effort_publisher_from_the_start(peer, follow):
    peer.publisher('words', String, qos_profile_sensor_data)
    subscription, got, _ = follow()
    until_followed(peer, subscription, 'best_effort')
    until_heard(peer, got)


def test_one_that_does_not_fit_is_warned_of(peer, follow):
    peer.publisher('words', String, qos_profile_sensor_data)
    subscription, got, warned = follow('reliable')
    peer.until(lambda: warned)
    assert '/words' in warned[0] and 'image_reliability to auto' in warned[0]
    subscription.follow()
    assert subscription.reliability == 'reliable' and got == []
