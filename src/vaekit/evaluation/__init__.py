"""Judging a trained model."""

from vaekit.evaluation.likelihood import Estimate, Evaluation, evaluate

__all__ = ["Estimate", "Evaluation", "evaluate"]
