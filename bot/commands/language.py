from collections.abc import Iterator

from babel import Locale

from bot.commands.command import Call, Command, Outcome


def _language(call: Call) -> Iterator[Outcome]:
    """Which language the bot speaks with somebody; they may answer in any."""
    languages = call.house.interviews.texts.languages
    wanted = call.rest.strip().casefold().replace("_", "-")
    by_name = {name.casefold(): code for code in languages for name in (code, _named(code))}
    if not wanted:
        spoken = _named(call.wording.language)
        yield call.say("language-now", language=spoken, languages=_list(languages))
    elif wanted in by_name:
        code = by_name[wanted]
        call.work.members.change(call.member.id, language=code)
        yield call.say("language-set", language=_named(code))
    else:
        yield call.say("language-unknown", languages=_list(languages))


def _list(languages: tuple[str, ...]) -> str:
    return ", ".join(f"{_named(code)} ({code})" for code in languages)


def _named(code: str) -> str:
    """A language in its own words: `English`, `Deutsch`."""
    return Locale.parse(code, sep="-").get_display_name() or code


LANGUAGE = Command(name="language", run=_language, takes=True, anywhere=True)
