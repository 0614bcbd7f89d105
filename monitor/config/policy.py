"""The rules of `alerts` and of a chat: which items are told, and how eagerly. Reads nothing."""

from datetime import time, timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from monitor.config.section import Country, Duration, Language, Probability, Section
from monitor.config.values import check_timezone, parse_clock, parse_level, parse_type
from monitor.domain import REGION, EventType, Severity

Clock = Annotated[time, BeforeValidator(parse_clock)]
Type = Annotated[EventType, BeforeValidator(parse_type)]
Thread = Annotated[int, Field(ge=1, lt=2**31)]
Level = Annotated[int, BeforeValidator(parse_level), Field(ge=0, le=4)]


class Corroboration(Section):
    """How many independent outlets and camps must tell a story; from a severity on one is enough (5: never)."""

    outlets: Annotated[int, Field(ge=1, le=20)] = 1
    camps: Annotated[int, Field(ge=1, le=10)] = 1
    alone_if_severity: Annotated[int, BeforeValidator(parse_level), Field(ge=1, le=5)] = 4


class Quiet(Section):
    """When nobody is woken, on the clock of the zone (None: display.timezone), unless by the severity `through`."""

    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    timezone: Annotated[str, AfterValidator(check_timezone)] | None = None
    through: Annotated[int, BeforeValidator(parse_level), Field(ge=1, le=4)] = 4


class PolicyConfig(Section):
    """One rule of a chat. What is not set is taken from `alerts`."""

    countries: tuple[Country, ...] = ()
    types: tuple[Type, ...] = ()
    severity: Level | None = None
    threshold: Probability | None = None
    languages: tuple[Language, ...] = ()
    sources: tuple[str, ...] = ()
    corroboration: Corroboration | None = None
    cooldown: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=2))] | None = None
    quiet: Quiet | None = None
    loud_from: Level | None = None
    thread: Thread | None = None

    @field_validator("countries")
    @classmethod
    def known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Only the seven countries of the region can be watched."""
        if not set(value) <= set(REGION):
            raise PydanticCustomError("country", "expected some of {known}", {"known": ", ".join(REGION)})
        return value


class AlertsConfig(Section):
    """What is worth an alert where no rule says otherwise. `threshold` None: the one the model was calibrated for."""

    threshold: Probability | None = None
    max_age: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=365))] = timedelta(hours=12)
    countries: tuple[str, ...] = REGION
    types: tuple[Type, ...] = ()
    severity: Level = 0
    languages: tuple[Language, ...] = ()
    sources: tuple[str, ...] = ()
    corroboration: Corroboration = Corroboration()
    cooldown: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=2))] = timedelta(minutes=30)
    quiet: Quiet | None = None
    loud_from: Level = Severity.TENSION
    rules: tuple[PolicyConfig, ...] = ()

    @field_validator("countries")
    @classmethod
    def known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Only the seven countries of the region can be watched, and at least one."""
        if not value or not set(value) <= set(REGION):
            raise PydanticCustomError("country", "expected some of {known}", {"known": ", ".join(REGION)})
        return value
