# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Files of torch that claim more than they hold."""

from __future__ import annotations

import zipfile

from anyloc_ros.describe.checkpoints import read_checkpoint
from anyloc_ros.describe.torch_files import read_torch, why_not_plain
from anyloc_ros.describe.vocabulary import load_vocabulary
from anyloc_ros.errors import ModelError
import pytest
import torch


@pytest.mark.parametrize(
    ('value', 'reason'),
    [
        (torch.zeros(3, 4), ''),
        (torch.zeros(3, 4, dtype=torch.bfloat16), ''),
        (torch.zeros(0, 4), ''),
        (torch.zeros(1).expand(2**20, 2**20), 'more than the 1000 bytes'),
        (torch.zeros(3, 4, dtype=torch.complex64), 'complex64'),
        (torch.zeros(3, 4, dtype=torch.int32), 'int32'),
        (torch.zeros(3, 4).to_sparse(), 'sparse_coo'),
        (torch.zeros(3, 4, device='meta'), 'on meta'),
        ([1, 2], 'is list'),
    ],
)
def test_only_real_numbers_that_are_there_are_taken(tmp_path, value, reason):
    found = why_not_plain(value, 1000)
    assert reason in found and bool(found) == bool(reason)
    # Through the files: such a value is named, whoever reads it.
    if reason:
        path = tmp_path / 'dinov2_vits14_l10_value_c4_urban_c_centers.pt'
        torch.save(value, path)
        with pytest.raises(ModelError, match='expected one tensor of words'):
            load_vocabulary(path)
        torch.save({'cls_token': value}, path)
        with pytest.raises(ModelError, match='cls_token'):
            read_checkpoint(path, num_heads=2)


@pytest.mark.parametrize('archive', [True, False])
@pytest.mark.parametrize('mapped', [True, False])
def test_a_good_file_is_read_as_it_was_written(tmp_path, archive, mapped):
    tensor = torch.arange(6.0).reshape(2, 3)
    torch.save({'a': tensor}, tmp_path / 'a.pt', _use_new_zipfile_serialization=archive)
    read = read_torch(tmp_path / 'a.pt', 'checkpoint', mapped=mapped)
    torch.testing.assert_close(read, {'a': tensor})


def test_an_archive_that_grows_when_it_is_unpacked_is_refused(tmp_path):
    path = tmp_path / 'bomb.pt'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('archive/data.pkl', bytes(2**24))
    assert path.stat().st_size < 2**16
    with pytest.raises(ModelError, match='claims to hold 16777216 bytes'):
        read_torch(path, 'vocabulary')
