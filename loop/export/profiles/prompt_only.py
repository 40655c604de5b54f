"""Profile `prompt_only`: what was asked, once, as GRPO and RLOO trainers read it."""

from loop.export.columns import BASE_JOINS, Shape, common
from loop.export.profiles import parts

SHAPE = Shape(
    name="prompt_only",
    about="Prompts without answers: each prompt of a brief once, if somebody judged an answer to it.",
    columns=(parts.prompt(), *parts.said(), parts.suggestion_origin(), *common()),
    joins=BASE_JOINS,
    digested=("prompt",),
    origins=("fb_suggestion_origin",),
    label_balance="fb_verdict",
    notes=("A row rests on the first judged answer that may leave: verdict, model and consent are that answer's.",),
)
