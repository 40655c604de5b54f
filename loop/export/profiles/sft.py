"""Profile `sft`: prompt and completion that a person would use, as SFT trainers read them."""

from loop.export.columns import BASE_JOINS, Shape, common
from loop.export.profiles import parts

SHAPE = Shape(
    name="sft",
    about="Answers to imitate: what was accepted, and what a person wrote in place of a suggestion.",
    columns=(parts.prompt(), parts.completion(), *parts.answer_facts(), *common()),
    joins=BASE_JOINS,
    digested=("prompt", "completion"),
    origins=("fb_completion_origin",),
    label_balance="fb_side",
    notes=("An answer that several people accepted stands once for each; under lead_wins and majority once.",),
)
