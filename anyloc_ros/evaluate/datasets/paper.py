# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The twelve data sets of the paper: where they lie, how large they are, what is right.

Counts and rules are those of the published loaders (Keetha et al., AnyLoc, RA-L 2023). Frames and
radii in parentheses are the paper's words for lists that a file holds.
"""

from __future__ import annotations

from anyloc_ros.evaluate.datasets import listed, positioned
from anyloc_ros.evaluate.datasets.layouts import published_utm
from anyloc_ros.evaluate.datasets.published import Published


def _archive(name: str, more: str = '') -> str:
    """Return what to download, in words: links die, the names of archives stay."""
    return (
        f'Get {name}.tar.gz of "Datasets-All", the data sets released with AnyLoc, and unpack it '
        f'in the root{more}'
    )


_LIST = '; no other archive has the list of positives'
_CAMERAS = 'one .camera file for each of them'
_CITY = {'images/test/database/': 'references, @easting@northing@....jpg',
         'images/test/queries/': 'queries with such names'}  # fmt: skip
_CORRIDOR = {
    'db_images/': 'references',
    'q_images/': 'queries',
    'pose_topic_list.npy': 'rows x y ... of both',
}
_OXFORD = {
    'oxdatapart.mat': 'names, UTM positions, radius',
    'oxDataPart/': 'the images it names',
}
_NARDO = {
    'reference_images/': '102 references',
    'query_images/': '71 queries',
    'gt_matches.csv': 'five references for each query',
}

PAPER = {
    'baidu_mall': Published(
        'Baidu Mall',
        'baidu_datasets',
        references=689,
        queries=2292,
        truth='within 10 m',
        parts={
            'training_images_undistort/': '689 references',
            'training_gt/': _CAMERAS,
            'query_images_undistort/': '2292 queries',
            'query_gt/': _CAMERAS,
        },
        download=_archive(
            'baidu_datasets', '; its authors give it as IDL_dataset_cvpr17_3852.zip'
        ),
        load=positioned.baidu_mall,
    ),
    'gardens_point': Published(
        'Gardens Point',
        'gardens',
        references=200,
        queries=200,
        truth='list gardens_gt.npy (2 frames)',
        parts={
            'day_right/': '200 references',
            'night_right/': '200 queries',
            'day_left/': 'the 200 names of the queries',
            'gardens_gt.npy': 'rows (query, list of references)',
        },
        download=_archive('gardens', _LIST),
        load=listed.gardens_point,
    ),
    '17_places': Published(
        '17 Places',
        '17places',
        references=406,
        queries=406,
        truth='list ground_truth_new.npy (a window of 5 frames)',
        parts={
            'ref/': '406 references',
            'query/': '406 queries',
            'ground_truth_new.npy': 'rows (query, list of references)',
        },
        download=_archive('17places', '; VPR-Bench has it too'),
        load=listed.seventeen_places,
    ),
    'pitts30k': Published(
        'Pitts30k',
        'pitts30k',
        references=10000,
        queries=6816,
        truth='within 25 m',
        parts=_CITY,
        download=_archive('pitts30k', '; only its part "test" is used'),
        load=published_utm,
    ),
    'st_lucia': Published(
        'St Lucia',
        'st_lucia',
        references=1549,
        queries=1464,
        truth='within 25 m',
        parts=_CITY,
        download=_archive('st_lucia'),
        load=published_utm,
    ),
    'oxford_robotcar': Published(
        'Oxford RobotCar',
        'Oxford_Robotcar',
        references=191,
        queries=191,
        truth='within 25 m',
        parts=_OXFORD,
        download=_archive('Oxford_Robotcar'),
        load=positioned.oxford_robotcar,
    ),
    'oxford_robotcar_own_radius': Published(
        'Oxford RobotCar, radius of its file',
        'Oxford_Robotcar',
        references=191,
        queries=191,
        truth='within the radius stored in oxdatapart.mat',
        parts=_OXFORD,
        download=_archive('Oxford_Robotcar'),
        load=positioned.oxford_robotcar_own_radius,
    ),
    'hawkins': Published(
        'Hawkins',
        'hawkins_long_corridor',
        references=127,
        queries=118,
        truth='within 8 m',
        parts=_CORRIDOR,
        download=_archive('hawkins_long_corridor'),
        load=positioned.hawkins,
    ),
    'laurel_caverns': Published(
        'Laurel Caverns',
        'laurel_caverns',
        references=141,
        queries=112,
        truth='within 8 m',
        parts=_CORRIDOR,
        download=_archive('laurel_caverns'),
        load=positioned.laurel_caverns,
    ),
    'nardo_air': Published(
        'Nardo-Air',
        'test_40_midref_rot0',
        references=102,
        queries=71,
        truth='list gt_matches.csv (60 m)',
        parts=_NARDO,
        download=_archive('test_40_midref_rot0', _LIST),
        load=listed.nardo_air,
    ),
    'nardo_air_r': Published(
        'Nardo-Air R',
        'test_40_midref_rot90',
        references=102,
        queries=71,
        truth='list gt_matches.csv (60 m)',
        parts=_NARDO,
        download=_archive('test_40_midref_rot90', _LIST),
        load=listed.nardo_air,
    ),
    'vp_air': Published(
        'VP-Air',
        'VPAir',
        references=2706,
        queries=2706,
        truth='list vpair_gt.npy (3 frames)',
        parts={
            'reference_views/': '2706 references',
            'queries/': '2706 queries',
            'distractors/': '10000 images of other places',
            'vpair_gt.npy': 'rows (query, list of references)',
        },
        download=_archive(
            'VPAir',
            _LIST + '. Without distractors, which is easier than the paper: '
            'frames:3:VPAir/reference_views,VPAir/queries',
        ),
        load=listed.vp_air,
    ),
    'mid_atlantic_ridge': Published(
        'Mid-Atlantic Ridge',
        'eiffel',
        references=65,
        queries=101,
        truth='list eiffel_gt.npy (0.3 m)',
        parts={
            'db_images/': '65 references',
            'q_images/': '101 queries',
            'eiffel_gt.npy': 'rows (query, list of references), those of the queries from 101 on',
        },
        download=_archive('eiffel', _LIST),
        load=listed.mid_atlantic_ridge,
    ),
}
"""By name; Oxford RobotCar is there twice, `oxford_robotcar` is the one of the final paper."""
