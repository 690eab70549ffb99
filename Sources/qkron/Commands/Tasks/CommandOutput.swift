import ArgumentParser
import Client
import Domain
import Foundation

/// What commands wrote, on the same stream here; and how their run ended.
enum CommandOutput {
    /// Writes a piece of a run's output.
    static func write(_ piece: RemoteOutput) {
        let file = piece.isError ? STDERR_FILENO : STDOUT_FILENO
        // On a terminal it could do more than show: it may come from somebody else.
        let text = isatty(file) == 1 ? piece.text.withoutControls : piece.text
        StandardOutput.write(text, to: file)
    }

    /// Says how a run ended, unless it completed.
    ///
    /// - Throws: `ExitCode` of a run that did not complete.
    static func judge(_ execution: RemoteExecution) throws {
        guard execution.status != ExecutionStatus.completed.rawValue else { return }
        let why = execution.text("error") ?? execution.text("reason") ?? "no reason was given"
        CommandFailure.tell("The run ended as \(execution.status): \(why)")
        throw ExitCode(CommandFailure.Code.anythingElse)
    }
}

extension String {
    /// The text without what could move the cursor back or colour the terminal.
    fileprivate var withoutControls: String {
        split(separator: "\t", omittingEmptySubsequences: false).map { String($0).printable }.joined(separator: "\t")
    }
}
