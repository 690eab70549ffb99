import ArgumentParser
import Foundation

/// The flag that spares a person the question before what cannot be undone.
struct Confirmation: ParsableArguments {
    @Flag(name: [.short, .long], help: "Do not ask; needed where nobody can be asked.")
    var yes = false

    /// Where nobody can be asked, the answer must have been given.
    ///
    /// - Throws: `ValidationError`.
    func check() throws {
        guard yes || isatty(STDIN_FILENO) == 1 else {
            throw ValidationError("There is no terminal to ask at: say --yes.")
        }
    }

    /// Asks, unless the answer was given.
    ///
    /// - Throws: `NotConfirmed` where the answer is anything but yes.
    func ask(_ question: String) throws {
        guard !yes else { return }
        StandardOutput.write("\(question.printable) [y/N] ", to: STDERR_FILENO)
        let answer = readLine(strippingNewline: true)?.lowercased()
        guard answer == "y" || answer == "yes" else { throw NotConfirmed() }
    }
}

/// Somebody was asked, and did not say yes.
struct NotConfirmed: Error, CustomStringConvertible {
    let description = "Nothing was done."
}
