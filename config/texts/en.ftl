# What Storytrail says in English. Short, plain, neutral; no praise, no pressure.
# { $community } carries its own article ("the Onboarding Circle").
# Keys of an interview are <flow>-<step>-<what>; docs/writing-a-flow.md lists them.

## The interview: welcome

story-welcome-ask =
    Hi { $member }. I collect short stories about { $community }: good, bad or nothing special.
    About ten minutes. Stop any time. You choose who reads it and can take it back.

    May I keep your answers?
story-welcome-ask-again = May I keep your answers?
story-welcome-more =
    I ask one question at a time and keep your words exactly as you write them. At the end you see the whole story and decide: who may read it, with your name or without, or not at all.

    Nothing is passed on before you send it. { COMMAND("withdraw") } takes a story back later.
story-welcome-choice-agree = I agree
story-welcome-choice-more = Tell me more
story-welcome-choice-not-now = Not now
story-declined-say = All right. No words of yours are kept. If you ever want to: { COMMAND("tell") }.

## The interview: four questions

story-activity-ask = Think of one time with { $community }, good or bad. What happened, and what was it like?
story-activity-ask-anchored = { $activity }: what happened there, and what was it like for you?
story-activity-example =
    Two examples.

    “In the March call, Bo showed how they plan a first week. I mostly listened. It was good to hear that others struggle too.”

    “I went to two meetups in spring. Nice people, but it was about things I don't do. I stopped going.”
story-activity-part = What happened
story-activity-probe-when = About when was that?
story-activity-probe-experience = What was it like?
story-activity-choice-change = Start from a change
story-activity-choice-examples = Examples

story-gained-ask = What did you get from it? For example an idea, a contact, a file, a question.
story-gained-part = What I got
story-gained-probe-thing = What was it, for example?
story-gained-choice-nothing = Nothing
story-gained-choice-cost = It cost me something

story-missing-ask = What was missing, or went wrong?
story-missing-part = What was missing, or went wrong
story-missing-choice-cannot-say = Can't say

story-applied-ask = Did you do anything with it? If so, what?
story-applied-part = What I did with it
story-applied-choice-plan = I plan to
story-applied-choice-stopped = Something stopped me
story-applied-choice-other = Someone else used it
story-applied-choice-no = No

story-plan-ask = What do you plan, and what do you hope for?
story-plan-part = What I plan

story-stopped-ask = What stopped you?
story-stopped-part = What stopped me

story-helped-ask = What would have helped?
story-helped-part = What would have helped

story-other-ask = What did they do with it? You need not say who.
story-other-part = What they did with it

story-changed-ask = After that, what was different for you or for others: better, worse or the same?
story-changed-part = What was different
probe-what = What was it?
probe-whose = Who did that?
probe-compared = Compared with what? How was it before?
story-changed-choice-too-early = Too early
story-changed-choice-same = The same
story-changed-choice-worse = Worse

story-same-ask = Why, do you think?
story-same-part = Why it stayed the same

story-worse-ask = What happened?
story-worse-part = What was worse

## The interview: how one led to the other

story-because-ask = What led to that? Name everything that played a part, in or outside { $community }.
story-because-part = What led to it
story-because-probe-causes = Did anything else play a part?
story-because-choice-unknown = I don't know

story-counterfactual-ask = Without { $community }, would it have happened?
story-counterfactual-part = Would it have happened without it
story-counterfactual-choice-no = No
story-counterfactual-choice-less = Later or less
story-counterfactual-choice-yes = Yes
story-counterfactual-choice-unknown = Can't tell

story-loop-ask = Does anyone in { $community } know how it went?
story-loop-part = Does anyone there know how it went
story-loop-choice-yes = Yes
story-loop-choice-not-yet = Not yet
story-loop-choice-no-need = No need

story-brought-back-ask = When did you tell them, and how did they take it?
story-brought-back-part = When I told them

## The interview: from a change

story-change-ask = What changed in your work lately, better or worse?
story-change-part = What changed

story-part-ask = Did { $community } play a part?
story-part-part = Did { $community } play a part
story-part-choice-yes = Yes
story-part-choice-little = A little
story-part-choice-no = No
story-part-choice-unknown = Can't tell

## The interview: asked again later

story-since-plan-ask =
    In { MONTH($date) } you planned:
    “{ $quote }”
    What happened?
story-since-plan-ask-plain = In { MONTH($date) } you had a plan. What happened?
story-since-plan-part = What happened since
story-since-plan-choice-still = Still planned
story-since-plan-choice-stopped = Something stopped me
story-since-plan-choice-dropped = Not any more
story-since-plan-choice-enough = Stop asking
story-since-early-ask =
    In { MONTH($date) } you told me:
    “{ $quote }”
    It was too early to say what came of it. What is different now?
story-since-early-ask-plain = In { MONTH($date) } it was too early to say what came of it. What is different now?
story-since-early-part = What was different
story-since-early-choice-still = Still too early
story-since-early-choice-enough = Stop asking
story-since-loop-ask =
    In { MONTH($date) } you told me:
    “{ $quote }”
    Nobody in { $community } knew of it yet. Do they now?
story-since-loop-ask-plain = In { MONTH($date) } nobody in { $community } knew how your story went. Do they now?
story-since-loop-part = Does anyone there know by now
story-since-loop-choice-still = Not yet
story-since-loop-choice-enough = Stop asking

## The review

story-review-intro = This is your story, in your words.
story-review-intro-first = This is your story, in your words. If other people are in it, please leave their names out: they were not asked.
story-review-ask =
    { $named ->
        [unnamed] Your name is left off.{ $few ->
            [yes] { " " }Few people tell stories here, so readers may still know that it is yours.
           *[no] { "" }
        }
        [pseudonym] It carries the name “{ $pseudonym }”.
       *[named] It carries your name.
    } Who may read it?
story-review-empty = Nothing is told yet, so there is nothing to send.
story-review-choice-organizers = Send to organizers
story-review-choice-circle = Send to members and organizers
story-review-choice-others = Choose readers
story-review-choice-unnamed = Leave my name off
story-review-choice-named = Put my name on
story-review-choice-pseudonym = Use another name
story-review-choice-change = Change a part
story-review-choice-add = Add something
story-review-choice-keep = Keep for later
story-review-choice-keep-sent = Leave it as I sent it
story-review-choice-delete = Delete

story-audience-ask = Who may read it? Choose any of them, then send.
story-audience-choice-organizers = The organizers
story-audience-choice-community = The members
story-audience-choice-organization = My organization
story-audience-choice-funders = Funders
story-audience-choice-public = Anyone
story-audience-choice-send = Send

story-pseudonym-ask = Which name should stand there instead of yours?
story-which-ask = Which part?
story-reword-ask =
    You wrote:
    { $words }

    How should it read?
story-reword-choice-leave = Leave it as it is
change-part = { $heading }: “{ $quote }”

story-further-ask = What would you like to add?
story-further-choice-problem = What it all began with
story-further-choice-possible = What made it possible, or harder
story-further-choice-matters = Why it matters, and to whom
story-further-choice-place = Seeing my place differently
story-further-choice-lasting = Something that won't be the same again

story-problem-ask = What was the problem or the wish that it began with?
story-problem-part = What it began with
story-possible-ask = What made it possible, or harder?
story-possible-part = What made it possible, or harder
story-matters-ask = Why does this matter, and to whom?
story-matters-part = Why it matters
story-place-ask = What do you see differently now about your own place in all this?
story-place-part = How I see my place
story-lasting-ask = What won't be the same again?
story-lasting-part = What won't be the same again

story-delete-ask = Delete this story and every word of it?
story-delete-choice-yes = Delete it
story-delete-choice-no = Keep it
story-deleted-say = Deleted. { COMMAND("tell") } begins a new one.

## After sending

story-thanks-ask =
    Thank you. Kept as { $ref }. { COMMAND("withdraw") } { $ref } takes it back.

    Was your time with { $community } worth it?
story-thanks-ask-again = Was your time with { $community } worth it?
story-thanks-choice-yes = Yes
story-thanks-choice-partly = Partly
story-thanks-choice-no = No
story-thanks-choice-cannot-say = Can't say
story-thanks-later-ask =
    Thank you. Kept as { $ref }. { COMMAND("withdraw") } { $ref } takes it back.

    When may I ask how it went?
story-thanks-later-ask-again = When may I ask how it went?
story-when-ask = When may I ask again?
story-when-choice-weeks-2 = In 2 weeks
story-when-choice-month-1 = In 1 month
story-when-choice-months-3 = In 3 months
story-when-choice-never = Don't ask
story-done-say = Noted.

## Asides

story-away-ask =
    You began a story:
    “{ $about }”
    Would you like to go on?
story-away-ask-plain = You began a story. Would you like to go on?
story-away-choice-go-on = Go on
story-away-choice-not-now = Not now
story-away-choice-delete = Delete it
story-again-ask =
    A story is open:
    “{ $about }”
    Go on with it, or begin a new one? The open one is kept for later.
story-again-ask-plain = A story is open. Go on with it, or begin a new one? The open one is kept for later.
story-again-choice-go-on = Go on
story-again-choice-anew = Begin a new one
story-cancel-ask = Stop here and delete what you told?
story-cancel-choice-yes = Delete it
story-cancel-choice-keep = Keep it for later
story-cancel-choice-no = Go on

## Buttons and short answers that every interview shares

choice-skip = Skip
choice-leave = Back to the story
choice-same-words = Keep these words
file-go-on = Go on
form-open = Edit in a form
form-title = Your story
form-save = Save
form-cancel = Cancel
form-too-long = “{ $heading }” is too long for a form. Change it in the chat.
form-late = This story is not open for changes any more. Copy what you wrote, and begin with { COMMAND("mystories") }.
file-alone = (a file)
asked-before = Before, you wrote: “{ $quote }”
stale = That button belonged to an earlier question. This is the open one:
choose-first = Please choose one of these. What you just wrote is not kept.
agree-first = I can keep your words once you agree. What you just wrote is not kept.
after-sent = Your story is kept. What you just wrote is not part of it; { COMMAND("tell") } begins another.
pseudonym-too-long = That name is longer than { $limit } characters. Please choose a shorter one.
unread = I can't read that. A line in your own words is enough.
said-nothing = That message was empty.
said-too-long = That message is longer than { $limit } characters, more than I can keep. Please send it in pieces.
said-unkeepable = That message holds a character that I can't keep. Please send it again without it.
edited = Changed.
file-kept = Kept. Add a line about it if you like.
voice-kept = Kept. I can't turn a voice message into words; add a line if you like.
file-not-now = I can keep a file while a question is open. This one is not kept.
home-heading = Stories about { $community }
home-welcome = I collect short stories about what people do together: good, bad or nothing special. About ten minutes, and you choose who reads it.
home-draft =
    You began a story:
    “{ $about }”
home-go-on = Go on
home-prompt = You were asked for a story.
home-prompt-about = You were asked for a story: { $about }
home-answer = Answer it
home-asked = I may ask you for a story, once in { $weeks ->
        [0] { $days ->
            [one] a day
           *[other] { $days } days
        }
        [one] a week
       *[other] { $weeks } weeks
    } at most.
home-asked-from = I don't ask you for stories before { DATETIME($date, dateStyle: "medium") }.
home-asked-never = I don't ask you for stories.
home-not-now = Not for 4 weeks
home-again = Ask me again
home-tell = Tell a story
home-stories = Your stories
home-story = { $ref }: “{ $title }”
home-story-withdrawn = { $ref }: taken back
home-read = Read
home-summary = Summary
home-open-stories = Read the stories
not-your-message = A story begins with a message of your own. This one is somebody else's, or has no words.
workspace-ended = The Slack workspace { $workspace } does not let me in any more. Nobody there is written to. What was told stays.
place-closed = I can't write where you asked me to. Please add me there, and ask again.
kept-for-later = The story that was open is kept for later.
parked = Kept for later. { COMMAND("resume") } goes on where you left off.
nothing-told-yet = All right. { COMMAND("tell") } begins one when you like.
left-as-it-was = All right. { $ref } stays as you sent it.
at-the-start = There is nothing to go back to here.
nothing-to-skip = There is nothing to skip here.
question-number = { $number } of { $of }

## Why a story goes no further, as a summary says it

stop-nothing = got nothing
stop-cost = it cost them something
stop-plan = { $count ->
        [one] plans to
       *[other] plan to
    }
stop-stopped = { $count ->
        [one] was stopped
       *[other] were stopped
    }
stop-not-done = did nothing with it
stop-not-said = did not say
stop-too-early = too early
stop-same = the same as before
stop-dropped = gave it up
stop-no-part = { $count ->
        [one] says it played no part
       *[other] say it played no part
    }
stop-part-unknown = can't tell whether it played a part

## Commands

command = { COMMAND($name) }
lines = { $lines }
command-unknown = I don't know { COMMAND($name) }. { COMMAND("help") } lists what I know.
command-unknown-asked = I don't know { COMMAND($name) }. { COMMAND("help") } lists what I know. To send it as an answer, put a space before it.
command-not-yours = That is for { $role }. An organizer can give you that role.
role-coordinator = coordinators
role-organizer = organizers
in-private = Stories are told in private, so that you choose who reads them.
in-private-button = Write to me
hello-again = Hello { $member }. { COMMAND("tell") } begins a story, { COMMAND("mystories") } shows yours, { COMMAND("help") } lists what else I know.
nothing-open = No story is open. { COMMAND("tell") } begins one.
nothing-open-parked = No story is open. { COMMAND("resume") } goes on with the one that was kept for later, { COMMAND("tell") } begins another.
help =
    { $lines }

    { help-outro }
help-intro = What you can write:
help-outro = While a question is open, answer in your own words or by the number of a choice.
help-privacy = What is kept about you and who sees it
help-mydata = Everything that is kept about you, as files
help-forget = Erase everything about you
help-link = Be the same person here and on another platform
help-community = Which community you speak in
help-leave = Leave the community
help-language = The language I speak with you
help-timezone = Your time zone
help-invite = Invite people
help-stories = The stories that organizers may read
help-permission = Ask a teller for one use of their words
help-hide = Hide a story that exposes somebody
help-members = Who belongs to the community
help-roles = Who has which role, and changing that
help-settings = How the community is set up
help-start = Say hello, or go on where you left off
help-tell = Tell a story
help-back = Go back one question
help-skip = Leave a question out
help-pause = Keep the story for later
help-resume = Go on with a story
help-cancel = Stop and delete what you told
help-mystories = The stories you began and sent
help-read = Read one of your stories
help-withdraw = Take a story back
help-status = Where you are
help-help = This list
help-summary = What the stories say
help-args-read = S-481
help-args-withdraw = S-481
help-args-summary = [period] [for funders]
help-args-link = [code]
help-args-language = [language]
help-args-timezone = [Europe/Ljubljana]
help-args-invite = [days] [people]
help-args-stories = [period]
help-args-permission = S-481 for "annual report"
help-args-hide = S-481 reason
help-args-roles = [grant terminal:ana coordinator]
help-args-settings = [access invite]
status-none = No story is open.
status-open-sent = { $ref } is kept. A question about it is open.
status-open = A story is open, { $answered ->
        [0] nothing told yet
        [one] one question answered
       *[other] { $answered } questions answered
    }, begun on { DATETIME($date, dateStyle: "medium") }.
status-sent = Sent: { $sent }. Kept for later: { $parked }.
status-round = Next round: { DATETIME($date, dateStyle: "full", timeStyle: "short") }, { $phrase }
status-round-none = No round is planned.
status-queue = Waiting to be sent: { $prompts } unasked, { $replies } in reply.
status-failed-inputs = Messages to me that went wrong in the last 7 days: { $count }
status-failed-messages = Messages of mine that were refused in the last 7 days: { $count }
status-missed-rounds = Rounds that were missed in the last 7 days: { $count }
status-stuck-questions = Open questions that never arrived: { $count }
status-stuck-inputs = Messages to me that have waited for more than 5 minutes: { $count }
mystories-none = You have no stories yet. { COMMAND("tell") } begins one.
mystories-intro = Your stories:
mystories-sent = { $ref }, { DATETIME($date, dateStyle: "medium") }: { $title }
mystories-untitled = (no words)
mystories-draft = not sent: “{ $about }” ({ COMMAND("resume") } goes on)
mystories-draft-open = open now: “{ $about }”
mystories-withdrawn = { $ref }: taken back ({ COMMAND("withdraw") } { $ref } puts it back or erases it)
mystories-erased = { $ref }: taken back and erased
mystories-hidden = { $ref }, { DATETIME($date, dateStyle: "medium") }: { $title } (hidden by an organizer)
mystories-in = { $line } ({ $community })
read-which = Which one? Write { COMMAND("read") } and its number, for example { COMMAND("read") } S-481. { COMMAND("mystories") } lists yours.
read-not-found = I don't find { $ref } among the stories that you may read. { COMMAND("mystories") } lists yours.
read-unknown = I don't find { $ref } among your stories. { COMMAND("mystories") } lists them.
read-readers = May be read by: { $readers }.
read-named = It carries its teller's name: { $teller }.
read-pseudonym = It carries the name “{ $teller }”.
read-unnamed = It carries no name.
read-changed = Its teller has changed it since it was first sent.
read-checked = Its teller allowed this for “{ $use }”: “{ $quote }”
read-hidden =
    An organizer hid this story. Nobody else can read it. They wrote:
    “{ $reason }”
    Once you change it and send it again, it can be read as before.
wording-ask =
    You changed a message of { $ref }. It now reads:
    “{ $quote }”
    Use this wording in your story?
wording-use = Use this wording
wording-leave = Leave it
wording-used = { $ref } reads so from now on.
read-ask = What would you like to do with { $ref }?
read-choice-change = Change it
read-choice-withdraw = Take it back
read-choice-leave = Nothing
read-left = All right. { $ref } stays as it is.
reader-organizers = the organizers
reader-community = the members
reader-organization = your organization
reader-funders = funders
reader-public = anyone
withdraw-which = Which one? Write { COMMAND("withdraw") } and its number, for example { COMMAND("withdraw") } S-481. { COMMAND("mystories") } lists yours.
withdraw-done = { $ref } is taken back. From now on it is in no summary and no export; it is only counted as taken back.
withdraw-ask = { $ref } is kept until { DATETIME($until, dateStyle: "medium") }, so that you can put it back. Then every word of it is erased. Shall I do so now?
withdraw-choice-erase = Erase it now
withdraw-choice-restore = Put it back
withdraw-choice-leave = Leave it like that
withdraw-left = All right. { $ref } stays taken back.
withdraw-restored = { $ref } is back, as you sent it.
withdraw-erased = Every word of { $ref } is erased. That a story was sent and taken back is still counted.
failed-turn = Something went wrong on my side with your last message. It is kept, and the people who run this bot can look at it. You can go on.

## Communities, invites, one person on several platforms

community-which = Which community is it about?
community-now = From now on this is about { $community }. { COMMAND("community") } changes that.
community-only = You belong to { $community } and to no other one here.
belongs-nowhere = You belong to no community here. { COMMAND("start") } joins one.
invite-needed = You need an invite to take part. Whoever told you about this can give you one.
invite-invalid = That invite can't be used, or not any more. Please ask for a new one.
invite-made =
    Send this to whoever you invite:
    { COMMAND("start") } { $token }

    It works for { $days ->
        [one] one day
       *[other] { $days } days
    }{ $uses ->
        [0] .
        [one] , for one person.
       *[other] , for { $uses } people.
    } It is shown only now. { COMMAND("invite") } list shows your invites, { COMMAND("invite") } revoke ends one.
invite-how = Write { COMMAND("invite") }, or how many days it works and for how many people, for example { COMMAND("invite") } 7 20. { COMMAND("invite") } list shows your invites, { COMMAND("invite") } revoke 3 ends one.
invite-none = No invite can be used now. { COMMAND("invite") } makes one.
invite-line = { NUMBER($number, useGrouping: 0) }: made { DATETIME($made, dateStyle: "medium") }, works until { DATETIME($expires, dateStyle: "medium") }, used { $most ->
        [0] by { $uses }
       *[other] by { $uses } of { $most }
    }
invite-revoked = Invite { NUMBER($number, useGrouping: 0) } can't be used any more.
invite-unknown = There is no invite { NUMBER($number, useGrouping: 0) } that can be used. { COMMAND("invite") } list shows them.
too-many-guesses = That was wrong too often. Please try again in an hour.
guessing = Somebody at { $address } tried several invites or codes that don't exist. They must wait for an hour now.
link-code =
    Send me this from your other account within { $minutes } minutes:
    { COMMAND("link") } { $code }

    Then both accounts are you, with all your stories.
link-invalid = That code can't be used, or not any more. { COMMAND("link") } on your other account makes a new one.
link-same = That is your own code. Send it from your other account.
link-done = Done. Both accounts are you now, with the same stories.

## Roles

role-one-member = member
role-one-coordinator = coordinator
role-one-organizer = organizer
roles-intro = Roles:
roles-none = Nobody has a role here yet. { COMMAND("roles") } grant terminal:ana organizer gives one.
roles-line = { $person } ({ $at }): { $role }
roles-how = Write { COMMAND("roles") }, { COMMAND("roles") } grant terminal:ana coordinator, or { COMMAND("roles") } revoke terminal:ana. Roles are member, coordinator and organizer.
roles-unknown = Nobody at { $address } belongs to this community. They need to write to me first.
roles-same = { $address } is { $role } already.
roles-last = You are the only organizer. Give that role to somebody else first.
roles-set = { $person } is now: { $role }.
role-now-member = You have no special role in { $community } any more.
role-now-coordinator = You are now a coordinator of { $community }. { COMMAND("help") } lists what you can do.
role-now-organizer = You are now an organizer of { $community }. { COMMAND("help") } lists what you can do.
members-intro = { $count ->
        [one] One person belongs here:
       *[other] { $count } people belong here:
    }
members-line = { $person } ({ $role })

## What members can do about what they said

privacy-kept = I keep what you write in answer to my questions, exactly as you write it, with the time, your name and the name of your account. Messages that belong to no question are not kept.
privacy-readers = Nobody reads a story before you send it. Then those read it whom you chose. For everybody else it is counted, without a word of it. Coordinators see numbers at most.
privacy-organizers = { $count ->
        [0] Nobody is an organizer here now.
        [one] Organizer is: { $names }.
       *[other] Organizers are: { $names }.
    }
privacy-role-granted = { DATETIME($date, dateStyle: "medium") }: { $person } became an organizer (by { $by }).
privacy-role-revoked = { DATETIME($date, dateStyle: "medium") }: { $person } ceased to be an organizer (by { $by }).
privacy-rights =
    What you can do at any time:
    { COMMAND("mystories") } lists your stories, { COMMAND("read") } shows one and lets you change it.
    { COMMAND("withdraw") } takes one back; after { $days } days it is erased, or at once if you like.
    { COMMAND("mydata") } gives you everything that is kept about you.
    { COMMAND("forget") } erases it all.
privacy-drafts = A story that you began and left alone is erased after { $days } days. I tell you two weeks before.
somebody = somebody who is gone
by-console = whoever runs this bot
mydata-json = Everything that is kept about you, for programs.
mydata-text = The same, to read.
mydata-heading = What is kept about you, on { DATETIME($date, dateStyle: "long") }
mydata-person = You are { $name }, at { $at }.
mydata-belongs = You belong to { $where } as { $role }, since { DATETIME($date, dateStyle: "medium") }.
mydata-agreed = You agreed to my keeping your answers in { $where } on { DATETIME($date, dateStyle: "medium") } (text { $version }).
mydata-besides = You also wrote this, which is not in the story as you sent it:
mydata-draft = Begun on { DATETIME($date, dateStyle: "medium") } and not sent:
forget-ask = Shall I erase everything about you: your name, your account, your stories and every word you told me? In summaries you stay a number.
forget-beyond = I can't reach your own messages in this chat, what your company keeps of it, and files that others made before.
forget-exports = Files with stories like yours were made:
forget-export = { DATETIME($date, dateStyle: "medium") }, for { $reader }
forget-choice-yes = Erase everything
forget-choice-keep = Keep it
forget-sure = This can't be undone. Erase everything about you?
forget-choice-sure = Yes, erase it
forget-kept = All right. Nothing was erased.
forget-done = Everything about you is erased. If you write again, we start anew.
leave-ask = Leave { $community }? { $sent ->
        [0] You have no story here that anybody reads.
        [one] Your story stays, or you take it back.
       *[other] Your { $sent } stories stay, or you take them back.
    }
leave-last = You are the only organizer. Nobody else can read the stories then.
leave-choice-stay = Stay
leave-choice-leave = Leave
leave-choice-withdraw = Leave and take my stories back
leave-stayed = All right. You stay.
leave-done = You don't belong to { $community } any more. { COMMAND("mystories") } and { COMMAND("forget") } still work.
language-now = I speak { $language } with you. I know: { $languages }. You can answer in any language.
language-set = From now on I speak { $language } with you.
language-unknown = I don't know that language. I know: { $languages }.
timezone-now = Your time zone is { $zone }. { COMMAND("timezone") } Europe/Ljubljana changes it.
timezone-set = Your time zone is now { $zone }.
timezone-unknown = I don't know the time zone “{ $zone }”. Try the name of a big city near you, for example { COMMAND("timezone") } Ljubljana.

## One use of a teller's words

permission-how = Write which story and what for, for example { COMMAND("permission") } S-481 for "annual report". Without a use I show what its teller said.
permission-use-too-long = Say what it is for in up to { $limit } characters.
permission-asked = The teller of { $ref } is asked. Silence is no.
permission-asked-before = That was asked for { $ref } before, or there are no words in it to quote. Nobody is asked twice.
permission-none = Nothing was asked of the teller of { $ref } yet.
permission-intro = { $ref }:
permission-line = “{ $use }”: { $answer }
permission-quote = “{ $quote }” (checked by its teller)
permission-named = yes, with the name { $teller }
permission-unnamed = yes, without a name
permission-no = no
permission-silent = no answer yet, so no
permission-ask =
    The organizers of { $community } ask whether they may use these words from { $ref }:
    “{ $quote }”

    What for: { $use }
permission-choice-named = Yes, with my name
permission-choice-unnamed = Yes, without my name
permission-choice-no = No
permission-thanks = Noted.

## What organizers do

stories-intro = Stories: { $sent }.{ $hidden ->
        [0] { "" }
        [one] { " " }One of them is not open to you.
       *[other] { " " }{ $hidden } of them are not open to you.
    }
stories-line = { $ref }: { $title } ({ $teller }{ $changed })
stories-unnamed = no name
stories-changed = , changed since
stories-unknown = I don't find { $ref } among the stories that you may read. { COMMAND("stories") } lists them.
story-came = A new story came in: { $ref }. { COMMAND("read") } { $ref } shows it.
story-came-closed = A new story came in. It is not open to organizers.
hide-how = Write which story, and a reason that its teller will read, for example { COMMAND("hide") } S-481 It names a colleague. { COMMAND("hide") } S-481 show undoes it.
hide-reason-too-long = Say the reason in up to { $limit } characters.
hide-done = { $ref } is hidden. Only its teller can read it. They were told why, and they can change it.
hide-already = { $ref } is hidden already. { COMMAND("hide") } { $ref } show undoes it.
hide-not = { $ref } is not hidden.
hide-shown = { $ref } can be read again as before.
hidden =
    An organizer of { $community } hid your story { $ref }. Nobody else can read it now. They wrote:
    “{ $reason }”
    { COMMAND("read") } { $ref } shows it and lets you change it.
shown = Your story { $ref } is not hidden any more.
settings-name = name: { $name }
settings-language = language: { $language }
settings-timezone = timezone: { $zone }
settings-access = access: { $access ->
        [invite] invite (only with an invite)
       *[open] open (whoever writes to me joins)
    }
settings-difference = difference: { $text }
settings-uncertainties = uncertainties: { $text }
settings-cycles = cycles: { $cycles }
settings-cycles-all = all
settings-prompts = prompts: once in { $days } days at most
settings-quiet = quiet: { $hours }
settings-days-off = days-off: { $days }
settings-days-off-none = none
settings-places = Meets in: { $places }
settings-outro = { COMMAND("settings") } access invite changes one; { COMMAND("settings") } notices on tells you of each new story, { COMMAND("settings") } digest on gives you the numbers once a week.
settings-how = You can set: { $names }. For example { COMMAND("settings") } access invite.
settings-set = { $name } is set.
settings-too-long = That is longer than { $limit } characters. Please say it shorter.
settings-name-fixed = The name of this community stands in the bot's settings. Whoever runs it can change it there.
settings-name-long = That name is too long. Please choose one of up to 100 characters.
settings-language-unknown = I don't know that language. { COMMAND("language") } lists those I know.
settings-timezone-unknown = I don't know that time zone. Try the name of a big city, for example { COMMAND("settings") } timezone Ljubljana.
settings-access-unknown = access is open or invite.
settings-cycles-unknown = I don't know such a cycle. Try: immediate, potential, applied, realized, enabling, strategic, orienting, transformative.
settings-prompts-unknown = Members can be asked once in { $least } to { $most } days. Write the number of days, for example { COMMAND("settings") } prompts 28.
settings-quiet-unknown = I don't understand these hours. Write { COMMAND("settings") } quiet 21:00-8:00, or { COMMAND("settings") } quiet off.
settings-days-off-unknown = I don't understand these days. Write { COMMAND("settings") } days-off sat sun, or { COMMAND("settings") } days-off none. One day at least must be left.
settings-digest-on = I will send you the numbers of each week, on Monday at 9:00.
settings-digest-off = I don't send you the numbers of each week any more.
settings-notices-on = I will tell you of each new story.
settings-notices-off = I don't tell you of new stories any more.
question-closed = There is nothing to answer there any more.
draft-expires =
    You began a story and have not gone on with it:
    “{ $about }”
    On { DATETIME($on, dateStyle: "medium") } it is erased. { COMMAND("resume") } goes on with it.
draft-expires-plain = You began a story and have not gone on with it. On { DATETIME($on, dateStyle: "medium") } it is erased. { COMMAND("resume") } goes on with it.

## The summary

summary-heading = { $community }, { $period }
summary-period-all = all stories so far
summary-period-between = { DATETIME($since, dateStyle: "medium") } to { DATETIME($until, dateStyle: "medium") }
summary-period-since = since { DATETIME($since, dateStyle: "medium") }
summary-period-until = until { DATETIME($until, dateStyle: "medium") }
summary-period-unknown = I can't read “{ $period }” as a time. Try: 2026, 2026-03, 2026-03-01..2026-05-31, week, month, quarter or year.
summary-for-here = Here I show what the whole community may read. Please ask me for that in our own chat.
summary-for-unknown = I don't know the readers “{ $reader }”. A summary can be for organization, funders or public.
summary-may = May be shown to { $reader }: { $open } of { $sent }. Only those are quoted and named here.
summary-ask-others = Shall I ask the tellers of the other { $others } whether their words may go to { $reader }? Each is shown the exact words, and asked once.
summary-choice-ask = Ask the other { $others }
summary-choice-leave = Don't ask
summary-left = All right. Nobody is asked.
summary-asked = { $count ->
        [0] Nobody was asked: they all were before, or left no words to quote.
        [one] One teller is asked. Silence is no.
       *[other] { $count } tellers are asked. Silence is no.
    }
summary-people = { $asked ->
        [one] 1 person was asked
       *[other] { $asked } people were asked
    }; { $begun ->
        [one] 1 story was begun
       *[other] { $begun } stories were begun
    }: { $sent } sent, { $withdrawn } sent and taken back, { $unsent } not sent, { $deleted } deleted.
summary-time = Time they spent: { $median ->
        [one] 1 minute
       *[other] { $median } minutes
    }{ $stories ->
        [one] .
       *[other] { "" } (half of { $stories } stories between { $low } and { $high }).
    }
summary-none = No story was sent in this time, so there is nothing to sum up.
summary-reach = How far { $sent ->
        [one] the story goes
       *[other] the { $sent } stories go
    }:
summary-drop = { $before } → { $after }: { $reasons }.
summary-untold = Went further without telling “{ $part }”: { $count }.
summary-worse = Different for the worse, they say: { $worse } of { $changed }.
and-more = and { $count } more
summary-loop = Someone there knows how it went: { $known } of { $asked }.
summary-worth = Worth their time, they say: yes { $yes }, partly { $partly }, no { $no }, can't say { $cannot-say }, not said { $unknown }.
summary-quotes = What was different, in their words:
summary-quote = “{ $quote }” ({ $ref })
summary-quotes-stopped = What stopped them, in their words:
summary-gaps = Cannot say yet: { $gaps }.
summary-gap = { $gap } ({ $count })
summary-hidden = { $hidden ->
        [one] 1 of these stories is
       *[other] { $hidden } of these stories are
    } not open to you, so counted here and not quoted.
summary-caution = These are contributions as their tellers see them. { $sent ->
        [one] 1 story
       *[other] { $sent } stories
    } from { $tellers } of { $members } { $members ->
        [one] member
       *[other] members
    }: that says what is possible, not how often it happens.
reach-immediate = took part
reach-potential = got something
reach-applied = did something with it
reach-realized = something was different
gap-when = when it was
gap-experience = what it was like
gap-thing = what exactly they got
gap-what = what exactly they did
gap-whose = whose action it was
gap-compared = compared with what
gap-noticed = who else saw it
gap-causes = what else played a part
gap-because = what led to it
gap-loop = what those there make of it

## The framework, for whoever asks

cycle-immediate = Immediate value
cycle-immediate-meaning = The experience of taking part, for its own sake.
cycle-potential = Potential value
cycle-potential-meaning = What someone took away and may use later: an idea, a contact, a tool, a standing.
cycle-applied = Applied value
cycle-applied-meaning = What someone did with it.
cycle-realized = Realized value
cycle-realized-meaning = What was different afterwards, for those who have a stake in it.
cycle-enabling = Enabling value
cycle-enabling-meaning = What makes the learning possible: support, process, resources.
cycle-strategic = Strategic value
cycle-strategic-meaning = Being clear about what matters, and in talk with those it matters to.
cycle-orienting = Orienting value
cycle-orienting-meaning = Seeing where one stands, among others and in the landscape.
cycle-transformative = Transformative value
cycle-transformative-meaning = A change of identity, culture or institution that lasts.

## Telegram

telegram-short = I collect short stories about what a community led to: good, bad or nothing special.
telegram-long =
    I ask you a few questions about one time with your community, and keep your answers exactly as you write them. You choose who reads them, and can take them back.

    It takes about ten minutes. You can stop at any time.

## The terminal

terminal-hello = Storytrail. Answer in your own words, or with the number of a choice. { COMMAND("help") } lists commands; Ctrl-C leaves, and nothing is lost.
terminal-bye = Your story is safe. The same command brings you back to it.
terminal-bye-plain = Goodbye.
terminal-saved = { $text } It is in { $path }.
terminal-not-saved = { $name } can't be saved in this folder. Start me in a folder of your own and ask again.
terminal-not-text = That line is not valid UTF-8 text, so it is not kept. Please send it again.

## Prompts: what a member gets

prompt-from = { $asker } asks, for { $community }:
prompt-from-nobody = The coordinators of { $community } ask:
prompt-nudge = I asked you this a few days ago. No answer is fine too.
choice-ask-later = Ask me in 3 days
choice-ask-not-now = Not this time
choice-ask-less = Less often
choice-ask-stop = Stop
prompt-later = All right. I ask again in { $days } days.
prompt-not-now = All right. { COMMAND("tell") } begins a story when you like.
prompt-less = All right. From now on I ask once in { $weeks } weeks at most.
prompt-stopped = All right. I don't ask any more. { COMMAND("tell") } still begins a story; { COMMAND("snooze") } off lets me ask again.
snooze-how = Until when shall I not ask you for stories? Write { COMMAND("snooze") } until 1 May, or { COMMAND("snooze") } 2 weeks.
snooze-now = I don't ask you for stories before { DATETIME($date, dateStyle: "medium") }. { COMMAND("snooze") } off ends that.
snooze-stopped = I don't ask you for stories. { COMMAND("snooze") } off lets me ask again.
snooze-until = All right. I don't ask you for stories before { DATETIME($date, dateStyle: "medium") }.
snooze-off = All right. I may ask you for stories again.
snooze-unknown = I don't understand that date. Write { COMMAND("snooze") } until 1 May, or { COMMAND("snooze") } 2 weeks.
snooze-past = That day is over. Write a later one, for example { COMMAND("snooze") } 2 weeks.
snooze-far = That is more than five years from today. { COMMAND("stop") } ends my asking for good.
quiet-now = { $hours ->
        [never] I may ask you for stories at any time.
       *[other] I don't ask you for stories at these times: { $hours }.
    }
    { COMMAND("quiet") } 20:00-8:00 changes the hours, { COMMAND("quiet") } sat sun the days. { COMMAND("quiet") } off ends both.
quiet-set = All right. { $hours ->
        [never] I may ask you for stories at any time.
       *[other] I don't ask you for stories at these times: { $hours }.
    }
quiet-how = I don't understand that. Write hours like { COMMAND("quiet") } 20:00-8:00, days like { COMMAND("quiet") } sat sun, or { COMMAND("quiet") } off.
quiet-never = never
day-monday = Monday
day-tuesday = Tuesday
day-wednesday = Wednesday
day-thursday = Thursday
day-friday = Friday
day-saturday = Saturday
day-sunday = Sunday

## Prompts: what coordinators do

prompt-how = Write { COMMAND("prompt") } now, { COMMAND("prompt") } now for those without a story since 2026-01-01, { COMMAND("prompt") } now with a plan, { COMMAND("prompt") } now for Mira, Jon, or { COMMAND("prompt") } after "12 March meetup". Add “nudge after 3 days” for one reminder.
prompt-reaches = { $reached } of { $count } would be asked now.
prompt-hours = Nobody is asked in their quiet hours; they are asked after them.
prompt-nobody = Nobody would be asked now, so nothing is sent.
prompt-choice-send = Ask them
prompt-choice-leave = Don't ask
prompt-left = All right. Nobody is asked.
prompt-begun = They are being asked. { COMMAND("rounds") } shows how it goes.
left-out = Left out: { $reasons }.
left-out-no-consent = { $count } have not agreed to my keeping answers
left-out-unreachable = { $count } can't be written to
left-out-snoozed = { $count } want to be left alone
left-out-silent = { $count } have not answered for long
left-out-over-cap = { $count } were asked lately
wanted-long = That is too long. Say it in up to { $limit } characters.
wanted-activity-long = Say in up to { $limit } characters what it is about.
wanted-nudge = A reminder can come after 1 to { $most } days.
wanted-within = A round can go on for up to { $most } days.
wanted-date = I don't know the date { $date }. Write it like 2026-01-31.
wanted-unknown = Nobody called { $name } belongs to this community.
wanted-several = Several people are called { $name }. Write their address, for example telegram:1001.
schedule-none = Nobody is asked by a schedule yet.
schedule-list = Schedules:
schedule-line = { $number }: { $phrase }{ $paused ->
        [yes] { " " }(paused)
       *[no] { "" }
    }
schedule-next = next { DATETIME($date, dateStyle: "full", timeStyle: "short") } ({ $zone })
schedule-outro = { COMMAND("schedule") } pause 1, resume 1, end 1, or change 1 and how it should be.
schedule-how = Write for example { COMMAND("schedule") } every 2 weeks on thursday at 10:00, or { COMMAND("schedule") } monthly on the last friday.
schedule-new = “{ $phrase }” would ask:
schedule-changes = Schedule { $number } is “{ $before }”. As “{ $phrase }” it would ask:
schedule-round = { DATETIME($date, dateStyle: "full", timeStyle: "short") }: { $reached } { $reached ->
        [one] person
       *[other] people
    }{ $lately ->
        [0] { "" }
       *[other] , { $lately } asked lately
    }
schedule-nobody = Nobody would be asked as things are.
schedule-zone = Times are those of { $zone }; everybody is asked at that hour of their own clock.
schedule-choice-save = Save
schedule-choice-leave = Don't save
schedule-left = All right. Nothing was saved.
schedule-saved = Saved as schedule { $number }. { COMMAND("schedule") } lists them all.
schedule-changed-meanwhile = Somebody changed schedule { $number } meanwhile. It is now “{ $phrase }”. Nothing else was saved.
schedule-unknown = There is no schedule { $number }. { COMMAND("schedule") } lists those there are.
schedule-too-many = There are { $most } schedules already. End one first.
schedule-over = Schedule { $number } has no round left. { COMMAND("schedule") } change { $number } and how it should be gives it new ones.
schedule-pause-already = Schedule { $number } is paused already.
schedule-resume-already = Schedule { $number } goes on already.
schedule-end-already = Schedule { $number } has ended already.
schedule-pause-done = Schedule { $number } is paused. { COMMAND("schedule") } resume { $number } lets it go on.
schedule-resume-done = Schedule { $number } goes on with its next round.
schedule-end-done = Schedule { $number } has ended. What was asked stays.
cadence-unknown = I don't understand “{ $word }”. Write for example { COMMAND("schedule") } every 2 weeks on thursday at 10:00, or { COMMAND("schedule") } monthly on the last friday.
cadence-too-often = That is more than once a day. Once a day is the most.
cadence-never = There is no such day. Please look at the date again.
cadence-past = That time is over, so nobody would ever be asked. Write a later one.
cadence-far = That is more than five years from today. Write a nearer date.
cadence-time = “{ $word }” is not a time of day. Write it like 10:00.
cadence-zone = The time zone of this community is not known. An organizer can set it: { COMMAND("settings") } timezone Ljubljana.
rounds-none = Nobody was asked in a round yet. { COMMAND("prompt") } now asks once, { COMMAND("schedule") } again and again.
rounds-heading = Round of { $date }{ $status ->
        [ended] { " " }(over)
       *[other] { "" }
    }:
rounds-heading-about = Round of { $date }, { $about }{ $status ->
        [ended] { " " }(over)
       *[other] { "" }
    }:
rounds-not-running = Round of { $date }: missed, since I was not running. Nobody was asked.
rounds-sent = planned { $planned }, sent { $sent }
rounds-answered = opened { $opened }, started { $started }, finished { $finished }
rounds-otherwise = { $told }
rounds-waiting = still to be sent { $count }
rounds-not = snoozed { $snoozed }, unreachable { $unreachable }, missed { $missed }
rounds-failed = refused { $count }
rounds-repeated = perhaps sent twice { $count }
digest-heading = { $community }, since { DATETIME($since, dateStyle: "medium") }:
digest-nothing = { $community }, since { DATETIME($since, dateStyle: "medium") }: nothing happened. { COMMAND("settings") } digest off ends these messages.
digest-came = { $sent ->
        [0] No story came in.
        [one] 1 story came in, { $open ->
            [0] not open to you.
           *[other] open to you.
        }
       *[other] { $sent } stories came in, { $open } of them open to you.
    }
digest-waiting = Waiting: { $parts }.
digest-drafts = { $count ->
        [one] 1 story begun and not sent
       *[other] { $count } stories begun and not sent
    }
digest-prompts = { $count ->
        [one] 1 person to be asked for a story
       *[other] { $count } people to be asked for a story
    }
digest-check-backs = { $count ->
        [one] 1 story to be asked about again in the coming week
       *[other] { $count } stories to be asked about again in the coming week
    }
digest-failed = Went wrong: { $parts }.
digest-inputs = { $count ->
        [one] 1 message to me
       *[other] { $count } messages to me
    }
digest-messages = { $count ->
        [one] 1 message of mine was refused
       *[other] { $count } messages of mine were refused
    }
digest-people = { $count ->
        [one] 1 person can't be reached any more
       *[other] { $count } people can't be reached any more
    }
digest-rounds = { $count ->
        [one] 1 round was missed
       *[other] { $count } rounds were missed
    }
digest-outro = { COMMAND("settings") } digest off ends these messages.
help-snooze = Not to be asked for stories for a while
help-quiet = Hours and days on which I don't ask you
help-stop = Not to be asked for stories any more
help-prompt = Ask members for stories once
help-schedule = Ask members for stories again and again
help-rounds = Who was asked, in numbers
help-args-snooze = [until 1 May]
help-args-quiet = [20:00-8:00]
help-args-prompt = now [for whom]
help-args-schedule = [every 2 weeks on thursday at 10:00]
