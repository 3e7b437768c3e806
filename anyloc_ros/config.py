# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Every parameter and its default, written once.

The command line, the nodes and the YAML files are generated from these classes or compared with
them. A value is checked when the class is built: afterwards everybody trusts it.
"""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.parameter import (
    AUTO,
    Checked,
    config_from,
    nearest,
    Parameter,
    parameter,
    parameters_of,
)

__all__ = ['AUTO', 'Parameter', 'config_from', 'nearest', 'parameter', 'parameters_of']


@dataclass(frozen=True, slots=True)
class DescribeConfig(Checked):
    """How an image becomes a descriptor. Empty text and -1 mean: as the method says."""

    method: str = parameter('AnyLoc-VLAD-DINOv2-L', 'preset by name, see "anyloc methods"')
    backbone: str = parameter('', 'network by name, in place of the one of the method')
    layer: int = parameter(-1, 'zero-based transformer block', low=-1, high=63)
    facet: str = parameter(
        '',
        'which output of the block: query, key, value, or token (the block output)',
        choices=('', 'query', 'key', 'value', 'token'),
    )
    aggregation: str = parameter(
        '',
        'how local features become one descriptor',
        choices=('', 'vlad', 'vlad_soft', 'gem', 'gap', 'gmp', 'cls'),
    )
    gem_p: float = parameter(3.0, 'exponent of GeM; 1 is the average', low=1.0, high=99.0)
    num_words: int = parameter(-1, 'number K of VLAD words, 2 or more', low=-1, high=4096)
    soft_temperature: float = parameter(
        1.0, 'soft assignment divides the cosine by it (vlad_soft)', low=1e-3, high=1e3
    )
    vocabulary: str = parameter('map', '"map" (fit on this map) or the path of a vocabulary file')
    vocabulary_seed: int = parameter(42, 'seed of the k-means start', low=0, high=2**31 - 1)
    weights_path: str = parameter(
        '', 'checkpoint file or folder of the network; empty: where "anyloc weights fetch" put it'
    )
    image_size: str = parameter(
        AUTO,
        '"auto" (as the method says), "native", "HxW" (height x width, px) or "max:N" '
        '(longer side, px), each but native with "+antialias" if wanted',
        pattern=r'native|([1-9]\d{0,4}x[1-9]\d{0,4}|max:[1-9]\d{0,4})(\+antialias)?',
        accepts_auto=True,
    )
    device: str = parameter(
        AUTO, 'where the network runs', choices=('cuda', 'cpu'), accepts_auto=True
    )
    precision: str = parameter(
        AUTO,
        'number format of the network; auto is fp32 on the CPU and fp16 on CUDA',
        choices=('fp32', 'bf16', 'fp16'),
        accepts_auto=True,
    )
    whitening_dim: int | str = parameter(
        AUTO,
        'width after PCA whitening; 0 is none; auto is 0 below 4096 references, else 512',
        low=0,
        high=65536,
        accepts_auto=True,
    )
    mask_path: str = parameter(
        '', 'image of the camera size, black where the picture is to be ignored (own body, sky)'
    )
    views: int = parameter(
        1,
        'views side by side in one image, each described by itself: several cameras',
        low=1,
        high=16,
    )


@dataclass(frozen=True, slots=True)
class TeachConfig(Checked):
    """How a run becomes a map."""

    map_mode: str = parameter(
        'create',
        'create refuses an existing file, append adds a route to it, overwrite replaces it',
        choices=('create', 'append', 'overwrite'),
    )
    store_images: bool = parameter(
        True, 'keep the images: needed to fit a vocabulary and to rebuild'
    )
    descriptor_dtype: str = parameter(
        'float16', 'number format of stored descriptors', choices=('float16', 'float32')
    )
    keyframe_distance_m: float = parameter(
        0.5, 'a new reference after this way', low=0.0, high=1000.0, live=True
    )
    keyframe_angle_deg: float = parameter(
        15.0, 'a new reference after this turn', low=0.0, high=180.0, live=True
    )
    keyframe_period_s: float = parameter(
        1.0,
        'a new reference after this time where poses are missing',
        low=0.0,
        high=3600.0,
        live=True,
    )
    pose_max_gap_s: float = parameter(
        0.2, 'poses further apart than this are not interpolated', low=0.0, high=60.0
    )
    pose_time_offset_s: float = parameter(
        0.0, 'added to the stamp of every pose before it meets an image', low=-10.0, high=10.0
    )
    pose_max_speed_mps: float = parameter(
        50.0, 'two poses that imply a higher speed are a jump: not interpolated', low=0.1, high=1e4
    )
    map_frame: str = parameter('map', 'frame the poses are given in')


@dataclass(frozen=True, slots=True)
class LocalizeConfig(Checked):
    """How a query is compared with the map and when a match is accepted."""

    top_k: int = parameter(5, 'candidates given for each image', low=1, high=1000)
    index: str = parameter(
        'exact',
        'search: exact, or approximate for large maps',
        choices=('exact', 'hnsw', 'ivf'),
    )
    accept_similarity: float | str = parameter(
        AUTO,
        'lowest cosine of an accepted match; auto comes from the map',
        low=-1.0,
        high=1.0,
        accepts_auto=True,
        live=True,
    )
    accept_margin: float | str = parameter(
        AUTO,
        'least lead over the best reference elsewhere on the route; auto comes from the map',
        low=0.0,
        high=2.0,
        accepts_auto=True,
        live=True,
    )


@dataclass(frozen=True, slots=True)
class SequenceConfig(Checked):
    """How the images before this one help to tell where it was taken, see sequence_filter."""

    filter: str = parameter(  # noqa: A003 (the word of the interface)
        'bayes',
        'none takes each image by itself; window looks only near the last match; bayes weighs '
        'all places and the possibility to be off the route',
        choices=('none', 'window', 'bayes'),
    )
    window_back: int = parameter(
        1, 'references the place may move back from one image to the next', low=0, high=1000
    )
    window_ahead: int = parameter(
        3, 'references the place may move ahead, where no odometry says how far', low=1, high=1000
    )
    motion_sigma: float = parameter(
        0.2, 'error of odometry, as a share of the way', low=0.01, high=2.0
    )
    off_route_prior: float = parameter(
        0.01, 'how likely it is that the robot leaves the route at an image', low=1e-6, high=0.5
    )
    accept_probability: float = parameter(
        0.9, 'how sure the place of an accepted match must be', low=0.5, high=1.0, live=True
    )


@dataclass(frozen=True, slots=True)
class MonitorConfig(Checked):
    """When the localizer says that it knows where it is, that it is unsure, that it is lost."""

    consecutive_accepts: int = parameter(
        3, 'images that must agree to begin, or to go on at another place', low=1, high=1000
    )
    lost_after_frames: int = parameter(
        20, 'images without a match until it is lost', low=1, high=100000, live=True
    )
    lost_after_m: float = parameter(
        3.0, 'way without a match until it is lost', low=0.0, high=10000.0, live=True
    )
    lost_after_s: float = parameter(
        10.0, 'time without a match until it is lost', low=0.0, high=86400.0, live=True
    )


@dataclass(frozen=True, slots=True)
class VerifyConfig(Checked):
    """Whether the first candidates are compared with the query once more, part by part."""

    verify: str = parameter(
        'none',
        'patches matches local features and gives inliers, shift and heading',
        choices=('none', 'patches'),
    )


@dataclass(frozen=True, slots=True)
class InputConfig(Checked):
    """What the nodes listen to."""

    image_transport: str = parameter(
        'raw', 'compressed reads the topic image/compressed', choices=('raw', 'compressed')
    )
    image_reliability: str = parameter(
        AUTO,
        'reliability of the image subscription; auto is that of the publishers',
        choices=('reliable', 'best_effort'),
        accepts_auto=True,
    )
    max_rate_hz: float = parameter(
        0.0, 'images taken in a second at most; 0 is no limit', low=0.0, high=1000.0, live=True
    )
    pose_source: str = parameter(
        'odom',
        'where poses come from: the topic of that name, the transforms (tf), or nowhere',
        choices=('odom', 'pose', 'pose_with_covariance', 'fix', 'tf', 'none'),
    )
    base_frame: str = parameter('base_link', 'frame of the robot')
    camera_frame: str = parameter('', 'frame of the camera; empty: as the images say')
    cameras: str = parameter(
        '',
        'names of several cameras, "front,rear": each is heard on NAME/image; empty: image',
        pattern=r'|[A-Za-z][A-Za-z0-9_]*(,[A-Za-z][A-Za-z0-9_]*)*',
    )
    camera_max_gap_s: float = parameter(
        0.1,
        'images of several cameras belong together within this time of that of the first',
        low=0.0,
        high=10.0,
    )


@dataclass(frozen=True, slots=True)
class MapBuilderConfig(Checked):
    """What only the node map_builder has."""

    map_path: str = parameter('', 'map file to write, see map_mode')
    record_on_start: bool = parameter(True, 'begin a route when the node is activated')
    autostart: bool = parameter(True, 'the node configures and activates itself')


@dataclass(frozen=True, slots=True)
class LocalizerConfig(Checked):
    """What only the node localizer has."""

    map_path: str = parameter('', 'finished map; ~/load_map takes up a change', live=True)
    method: str = parameter('', 'refuse a map of another method; empty: as the map was taught')
    start_index: int = parameter(
        -1, 'place on the first route where the robot begins; -1: not known', low=-1, high=10**9
    )
    max_image_age_s: float = parameter(
        0.0,
        'an image older than this is STALE; 0: 2 s and twice the time an answer takes',
        low=0.0,
        high=3600.0,
        live=True,
    )
    output_deadline_s: float = parameter(
        0.0, 'offer this deadline on ~/matches; 0 offers none', low=0.0, high=3600.0
    )
    publish_tf: bool = parameter(False, 'send map to odom at every match; needs tf2_ros')
    autostart: bool = parameter(True, 'the node configures and activates itself')


@dataclass(frozen=True, slots=True)
class DebugConfig(Checked):
    """What people look at."""

    publish_markers: bool = parameter(
        True, 'give ~/markers for RViz while somebody subscribes', live=True
    )
    publish_match_image: bool = parameter(
        True, 'give ~/match_image, query beside match, while somebody subscribes', live=True
    )
    log_every_s: float = parameter(
        10.0, 'a line in the log this often; 0 is never', low=0.0, high=86400.0, live=True
    )
