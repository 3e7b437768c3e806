# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What the figures of a run mean, in words, to be printed beside them."""

from __future__ import annotations

from anyloc_ros.evaluate.judge.confidence import SUE_CANDIDATES
from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.metres import POOLED
from anyloc_ros.evaluate.judge.stop import definition as stop_definition
from anyloc_ros.evaluate.metrics.pooling import CSI_ALPHA
from anyloc_ros.evaluate.metrics.stop import StopConfig
from anyloc_ros.evaluate.record import RunRecord


def definitions_of(record: RunRecord, config: FiguresConfig, stop: StopConfig) -> dict[str, str]:
    """Return the meaning of each figure of the headline and of what they are made of."""
    return {
        'interval': 'The ends of an interval have 95 % between them: of block bootstraps over '
        'stretches of 10 images; of Wilson where independent runs are counted, or where all '
        'images agree; of Poisson for a rate without any event. Below 20 images the first has '
        'none.',
        'right': f'The best reference is a positive of the query, which is {record.truth.rule}.',
        'recall_at_1': 'Share of the queries (all whose place is on the map; those of --off-map '
        'are left out) for which the best reference is a positive. One without a positive is a '
        'miss. Recall@K: one of the first K is. Answerable: only queries that have a positive '
        'are counted.',
        **_DECISION,
        'loc_err_m': 'Distance of the best reference from the true position, of accepted answers.',
        **_METRES,
        'far_hits': f'Share of the hits of recall@1 that are more than {config.far_m:g} m off.',
        'accepted': 'Share of all queries whose answer was accepted; precision is the share of '
        'right ones among them.',
        'jumps_per_100m': 'A jump: the estimate moves further than the robot by more than '
        f'{config.jump_m:g} m from one accepted answer to the next.',
        'longest_lost': 'The longest way or time without a right accepted answer.',
        'lock': f'Way, time and images from the first image until {config.lock_images} right '
        'accepted answers in a row; infinite, and -1 images, where they never came.',
        **_SEQUENCE,
        'correction_sign_error': 'Share of the images truly more than '
        f'{config.deadband_m:g} m beside the taught path on which a robot that turns against the '
        'heading (or else the shift) of the accepted answer steers further away; answers without '
        'either steer nowhere.',
        'along_m': 'Above 0 the answer is ahead of the robot along the taught path.',
        'cross_m': 'Above 0 the answer is left of the robot.',
        'offset_m': 'Above 0 the robot is left of the taught path.',
        **_CONFIDENCE,
        'stop': stop_definition(config, stop),
        **_STOP,
        **_COST,
    }


_DECISION = {
    'auc_pr': 'Area under precision over recall, by trapezoids from precision 1 at recall 0 on, '
    'over all thresholds of a number that is higher for surer answers: the similarity, or that '
    'which is named.',
    'average_precision': 'Sum of precision times the step in recall over the same thresholds.',
    'recall_at_100p': 'The largest share of the queries with a positive that a threshold keeps '
    'without accepting anything wrong.',
    'extended_precision': 'Mean of the precision of the surest answers and recall_at_100p.',
    'transfer': 'The lowest threshold on the similarity that accepts nothing wrong on the first '
    'half of the drive, used on the second half: by_score the same number, by_quantile the one '
    'that accepts the same share of the answers.',
}

_METRES = {
    'frame_error': 'How many references the best one is from the one in the middle of the '
    'positives, where the truth is one of frames.',
    'oracle_m': 'Distance of the true position from the nearest reference: no answer that is a '
    'reference can be nearer.',
    'excess_m': 'loc_err_m minus oracle_m: what the answer adds to the spacing of the map.',
    'accuracy': 'Share of the queries of known place whose answer was accepted and is within so '
    'many metres and degrees of the truth, both inclusive; an answer that was rejected is a miss.',
    'pose_modes': f'Position error of the best reference (top-1), of the mean of the best '
    f'{POOLED} (EWB), and of their mean by cosine to the power of {CSI_ALPHA:g} (CSI).',
}

_SEQUENCE = {
    'ate': 'Distance of accepted estimates from the truth in m after the turn and shift that lay '
    'them over it best.',
    'rpe': 'Difference of estimated and true way between two images about step_m apart, in m for '
    'each m.',
    'gain': 'Share of images whose best reference is right with the filter (accepted or not), '
    'minus that of single images. better: right with the filter alone; worse: without it alone. '
    'Jumps and longest lost, which are of accepted answers: filtered minus single images.',
    'gain_counts': 'Images of the drive whose best reference is right, and those accepted rightly '
    'and wrongly. Single images are accepted by another rule: no other image has to agree.',
}

_CONFIDENCE = {
    'similarity': 'Cosine of query and best reference.',
    'margin': 'Cosine of the best reference minus that of the second.',
    'pa': 'Minus the distance of the descriptors of query and best reference over that of the '
    'second (perceptual aliasing).',
    'sue': f'Minus the spread in m^2 of the best {SUE_CANDIDATES} references in space, nearer '
    f'descriptors counting more (spatial uncertainty estimate).',
    'probability': 'What the filter believes of the place of its answer.',
    'inliers': 'Local features of the image that fit the best reference by geometry.',
    'auroc': 'Probability that a right answer has a higher confidence than a wrong one: 0.5 knows '
    'nothing, 1 everything.',
    'aurc': 'Share of wrong ones among the surest answers, mean over how many are kept; 0 is '
    'best.',
    'spearman': 'Correlation of the ranks of confidence and error: -1 is best, below 0 the surer '
    'is the nearer.',
    'ece': 'Expected calibration error: mean distance of the probability from the share that is '
    'right, over ten bins of probability.',
    'nees': 'Of accepted headings: (error / sigma) squared, on average; 1 if sigma is right, more '
    'if it is too small.',
    'coverage_95': 'Share of the headings that are within 1.96 sigma of the truth; 0.95 if sigma '
    'is right.',
    'fpr95': 'Share of the queries off the map that are accepted where 95 % of the others are.',
    'offmap_accept': 'Share of the queries off the map that were accepted.',
}

_STOP = {
    'latency_s': 'Time of the stop raised at a goal minus the time when the goal was crossed; '
    'below 0 it was raised before the goal was crossed.',
    'overrun_m': 'The same along the path in m; below 0 the robot was before the goal.',
    'progress': 'Way at the first stop over the way to the goal.',
}

_COST = {
    'latency': 'Time of each step in ms; total is their sum, or, for answers that a node '
    'recorded, the time from the stamp of the image until the answer was received.',
    'throughput': 'Answers for each second of the drive, and the share of images whose answer '
    'came after budget_ms or never.',
    'reach': 'Way that the robot drives until it has the next answer: speed times (time between '
    'answers + latency of 95 %); it should be at most half the spacing of references.',
    'cost': 'Bytes of the map file for each metre of route, and of one descriptor; unknown '
    'without positions.',
}
