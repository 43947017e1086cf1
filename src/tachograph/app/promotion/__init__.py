"""Promotion: a proven suggestion's text in the agent's own file, where every session has it, and out of it again."""

from tachograph.app.promotion.change import PromotionPlan, apply_promotion, plan_demotion, plan_promotion
from tachograph.app.promotion.targets import Places, find_places

__all__ = ["Places", "PromotionPlan", "apply_promotion", "find_places", "plan_demotion", "plan_promotion"]
