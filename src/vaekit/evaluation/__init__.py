"""Judging a trained model."""

from vaekit.evaluation.annealing import (
    Annealing,
    Sandwich,
    annealed_likelihood,
    bidirectional,
)
from vaekit.evaluation.attribute_judge import AttributeJudge
from vaekit.evaluation.bootstrap import Interval, mean_interval
from vaekit.evaluation.denoising import Denoising, denoised, measure_denoising
from vaekit.evaluation.edits import flip_rate, judge_edit
from vaekit.evaluation.generation import frechet_distance, precision_recall
from vaekit.evaluation.likelihood import Estimate, Evaluation, Scores, evaluate, scored
from vaekit.evaluation.paths import (
    detour,
    path_length,
    share_of_steps,
    straight_length,
    unevenness,
)
from vaekit.evaluation.perceptual import feature_distance, frechet_interval, pooled
from vaekit.evaluation.pictures import psnr, sharpness, ssim

__all__ = [
    "Annealing",
    "AttributeJudge",
    "Denoising",
    "Estimate",
    "Evaluation",
    "Interval",
    "Sandwich",
    "Scores",
    "annealed_likelihood",
    "bidirectional",
    "denoised",
    "detour",
    "evaluate",
    "feature_distance",
    "flip_rate",
    "frechet_distance",
    "frechet_interval",
    "judge_edit",
    "mean_interval",
    "measure_denoising",
    "path_length",
    "pooled",
    "precision_recall",
    "psnr",
    "scored",
    "share_of_steps",
    "sharpness",
    "ssim",
    "straight_length",
    "unevenness",
]
