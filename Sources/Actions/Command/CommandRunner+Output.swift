import Domain
import Executor

extension CommandRunner {
    package func output(
        of attempt: AttemptID, beyond places: [OutputChannel: OutputPlace]
    ) async -> [OutputPiece] {
        let (stdout, stderr) = (places[.stdout] ?? OutputPlace(), places[.stderr] ?? OutputPlace())
        let shown = await executor?.output(
            executionID: attempt.execution.uuid, fencingToken: attempt.fencingToken, stdoutFrom: stdout.raw,
            stderrFrom: stderr.raw)
        guard let shown else { return [] }
        return [
            OutputPiece(.stdout, shown.stdout, beyond: stdout), OutputPiece(.stderr, shown.stderr, beyond: stderr),
        ].filter { !$0.text.isEmpty }
    }
}

extension OutputPiece {
    /// What was not kept in between counts as if it had been read as it was written.
    fileprivate init(_ stream: OutputChannel, _ shown: ShownText, beyond place: OutputPlace) {
        self.init(stream, begin: place.text + shown.start - place.raw, text: shown.text, rawEnd: shown.end)
    }
}
