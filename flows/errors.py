"""What can go wrong in the pure centre.

FlowError
├── UnknownStep      a conversation stands on a step that its definition does not have
└── UnknownChoice    a choice that the step does not offer
"""


class FlowError(Exception):
    """Root of the errors of `flows`. None of them carries what a person wrote."""


class UnknownStep(FlowError):
    def __init__(self, flow: str, version: int, step: str) -> None:
        super().__init__(f"flow {flow} version {version} has no step {step}")
        self.flow, self.version, self.step = flow, version, step


class UnknownChoice(FlowError):
    def __init__(self, step: str, choice: str) -> None:
        super().__init__(f"step {step} offers no choice {choice}")
        self.step, self.choice = step, choice
