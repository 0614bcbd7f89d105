"""What every part of the configuration is made of: a closed, strict section, and the kinds of single values."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from monitor.config.values import check_country, check_language, parse_duration

Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Probability = Annotated[float, Field(ge=0, le=1)]
Country = Annotated[str, AfterValidator(check_country)]
Language = Annotated[str, AfterValidator(check_language)]


class Section(BaseModel):
    """A part of the configuration: frozen, closed to unknown keys, and strict (the text "5" is not a number)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
