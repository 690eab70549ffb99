import ArgumentParser
import Client
import Declarations
import Domain
import Foundation
import Operations

/// How commands tell what went wrong: one or more plain lines on standard error, and an exit code that scripts can use.
enum CommandFailure {
    /// The exit codes, beside 0.
    enum Code {
        static let anythingElse: Int32 = 1
        static let unreachable: Int32 = 2
        static let notAllowed: Int32 = 3
        static let notFound: Int32 = 4
        static let refused: Int32 = 5
        static let usage: Int32 = 64
    }

    /// The exit codes, for the help of commands that talk to a server.
    static let codesInWords = """
        Exit codes: 0 done; 2 the server cannot be reached; 3 it knows you not, or you may not; 4 there is no such \
        thing; 5 what was sent or read is refused; 1 anything else; 64 the command line is wrong.
        """

    /// Runs `body`; an error is told in words.
    static func inWords<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        do { return try await body() } catch { throw told(error) }
    }

    /// The same for what does not wait.
    static func inWordsAtOnce<Answer>(_ body: () throws -> Answer) throws -> Answer {
        do { return try body() } catch { throw told(error) }
    }

    /// Tells an error in words; what is left of it is the exit code.
    private static func told(_ error: any Error) -> ExitCode {
        if let code = error as? ExitCode { return code }
        tell(sentence(error))
        return ExitCode(code(of: error))
    }

    /// A login that was good once, and is no more.
    private static let endsOfTokens: Set<String> = ["token_expired", "token_revoked", "invalid_token"]

    /// Writes a sentence to standard error.
    static func tell(_ sentence: String) {
        StandardOutput.announce("qkron: \(sentence.printable)")
    }

    private static func code(of error: any Error) -> Int32 {
        switch error {
        case ClientError.unreachable: Code.unreachable
        case let error as ClientError: code(ofStatus: error.status)
        case is NobodyAsks: Code.notAllowed
        case ChoiceError.none, is NothingRan: Code.notFound
        case is ConsoleError, KeyRefusal.unknown: Code.notFound
        case KeyRefusal.inUse: Code.refused
        case ChoiceError.several, is PlanError: Code.refused
        case is FileFaults, is CommandError: Code.refused
        case is ValidationError, is OwnerUnknown: Code.usage
        case let error as BrokenOff: code(of: error.cause)
        default: OperationError(surfacing: error).map { code(of: $0) } ?? Code.anythingElse
        }
    }

    /// The same code as for what a server refuses for this reason.
    private static func code(of error: OperationError) -> Int32 {
        switch error {
        case .invalid: Code.refused
        case .refused(.notFound, _): Code.notFound
        case .refused(.usernameTaken, _), .refused(.emailTaken, _), .refused(.lastSuperuser, _): Code.refused
        case .refused, .tooSoon: Code.anythingElse
        }
    }

    private static func code(ofStatus status: Int?) -> Int32 {
        switch status {
        case 401, 403: Code.notAllowed
        case 404: Code.notFound
        case 400, 409, 413, 415, 422: Code.refused
        default: Code.anythingElse
        }
    }

    private static func sentence(_ error: any Error) -> String {
        if case ClientError.refused(let refusal) = error, endsOfTokens.contains(refusal.code) {
            let advice = "Log in again: 'qkron login'."
            let sentence = refusal.sentence.replacing("Log in again.", with: advice)
            return sentence.contains(advice) ? sentence : "\(sentence) \(advice)"
        }
        if let error = error as? BrokenOff { return "\(sentence(error.cause))\n\(error.account)" }
        switch OperationError(surfacing: error) {
        case .refused(_, let detail), .tooSoon(_, let detail, _): return detail
        case .invalid(let faults):
            return faults.map { "\($0.path.joined(separator: ".")): \($0.message)" }.joined(separator: "\n")
        case nil: return "\(error)"
        }
    }
}
