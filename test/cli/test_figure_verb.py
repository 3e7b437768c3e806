# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""`anyloc figure`: a PNG file for each verb, and the way out of what it refuses."""

import csv
import json

import cv2
import numpy as np
import pytest

pytest.importorskip('matplotlib', reason='matplotlib is not installed')

NETWORK = ('--method', 'AnyLoc-GeM-DINOv2-S', '--random-weights', 3, '--set', 'image_size=max:84')
RANDOM = 'random weights (seed 3): says nothing of how well places are told'


def size_of(path):
    return cv2.imread(str(path)).shape[:2]


def test_similarity(anyloc, run_folder, tmp_path):
    out, result = tmp_path / 'figure.png', tmp_path / 'figure.json'
    out.write_text('an old one')
    images = (run_folder / '1.png', run_folder / '2.png')
    done = anyloc(
        'figure', 'similarity', *images, '--point', '40,50', '--out', out, '--json', result,
        *NETWORK, '--layers', '0,1', '--facets', 'key,token',
    )  # fmt: skip
    assert done.code == 0, done.err
    assert min(size_of(out)) > 300
    told = json.loads(result.read_text())
    assert RANDOM in told['made by']
    assert told['layer 1 token, 1.png'].startswith('1.0000 at ')
    assert len(told) == 2 + 2 * 4


def test_similarity_of_dense_sift_has_one_column(anyloc, run_folder, tmp_path):
    out = tmp_path / 'figure.png'
    words = ('figure', 'similarity', run_folder / '1.png', '--out', out)
    done = anyloc(*words, '--point', '40,50', '--method', 'RootSIFT-VLAD', '--random-weights', 3)
    assert done.code == 0, done.err
    assert 'dense RootSIFT, 1.png' in done.out and 'random' not in done.out
    for point, said in (('40', '2 numbers'), ('a,b', '2 numbers'), ('999,5', 'outside')):
        refused = anyloc(*words, '--point', point, '--method', 'RootSIFT-VLAD')
        assert refused.code == 1 and said in refused.err


def test_pca_of_maps_and_of_sources(anyloc, run_folder, tmp_path):
    route, out, result = tmp_path / 'r.anyloc', tmp_path / 'f.png', tmp_path / 'f.json'
    assert anyloc('teach', run_folder, '--map', route, '--method', 'RootSIFT-GeM').code == 0
    before = route.read_bytes()
    done = anyloc(
        'figure', 'pca', route, f'{run_folder}:1-6', '--label', 'the map', '--label', 'a part',
        '--out', out, '--json', result,
    )  # fmt: skip
    assert done.code == 0, done.err
    told = json.loads(result.read_text())
    assert told['images of the map'] == 12 and told['images of a part'] == 6
    assert 0.1 < told['variance_2'] <= told['variance_1'] < 1
    assert told['made by'] == 'RootSIFT-GeM'
    assert min(size_of(out)) > 300
    refused = anyloc('figure', 'pca', route, '--out', route)
    assert refused.code == 1 and 'expected a .png file' in refused.err
    refused = anyloc('figure', 'pca', route, route, '--label', 'one', '--out', out)
    assert refused.code == 1 and 'one for each of 2, got 1' in refused.err
    assert route.read_bytes() == before


def test_clusters_of_a_map_and_of_the_images(anyloc, run_folder, tmp_path):
    out, route = tmp_path / 'f.png', tmp_path / 'r.anyloc'
    image = run_folder / '1.png'
    method = ('--method', 'RootSIFT-VLAD', '--set', 'num_words=4')
    assert anyloc('teach', run_folder, '--map', route, *method).code == 0
    done = anyloc('figure', 'clusters', image, '--map', route, '--out', out)
    assert done.code == 0, done.err
    assert 'words of r.anyloc' in done.out and min(size_of(out)) > 200
    done = anyloc('figure', 'clusters', image, image, *method, '--out', out)
    assert done.code == 0, done.err
    assert 'words fit on these images' in done.out
    refused = anyloc('figure', 'clusters', image, *method, '--map', route, '--out', out)
    assert refused.code == 1 and 'leave out the other parameters' in refused.err
    data = image.read_bytes()
    refused = anyloc('figure', 'clusters', image, *method, '--out', image)
    assert refused.code == 1 and 'is read here' in refused.err
    assert image.read_bytes() == data


def test_layers(anyloc, run_folder, tmp_path):
    out, table, result = (tmp_path / f'f.{kind}' for kind in ('png', 'csv', 'json'))
    done = anyloc(
        'figure', 'layers', f'frames:0:{run_folder},{run_folder}', *NETWORK, '--layers', '0,1',
        '--facets', 'key,value', '--every', 2, '--out', out, '--csv', table, '--json', result,
    )  # fmt: skip
    assert done.code == 0, done.err
    rows = list(csv.reader(table.read_text().splitlines()))
    assert rows[0][:3] == ['layer', 'facet', 'recall_at_1']
    # The queries are the references.
    assert rows[1:] == [
        [layer, facet, *['1.0'] * 4] for layer in '01' for facet in ('key', 'value')
    ]
    told = json.loads(result.read_text())
    assert told['recall_at_1 of layer 1, value'] == 1
    assert RANDOM in told['made by'] and '6 queries, 6 references' in told['made by']
    picture = cv2.imread(str(out))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20
    refused = anyloc(
        'figure', 'layers', f'frames:0:{run_folder},{run_folder}', '--method', 'RootSIFT-VLAD',
        '--out', out,
    )  # fmt: skip
    assert refused.code == 1 and 'has no layers and facets' in refused.err


def test_parameters_that_mean_nothing_here_are_refused(anyloc, run_folder, tmp_path):
    out = tmp_path / 'f.png'
    words = ('figure', 'similarity', run_folder / '1.png', '--point', '4,4', '--out', out)
    refused = anyloc(*words, '--set', 'gem_p=2')
    assert refused.code == 1 and "unknown parameter 'gem_p'" in refused.err
    refused = anyloc(*words, *NETWORK, '--set', 'weights_path=here')
    assert refused.code == 1 and 'not both' in refused.err
    missing = anyloc('figure', 'similarity', tmp_path / 'no.png', '--point', '4,4', '--out', out)
    assert missing.code == 1 and 'no.png' in missing.err
    assert not out.exists()
