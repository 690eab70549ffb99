import ArgumentParser
import Client
import Declarations
import Domain
import Foundation
import Operations

/// How commands tell what went wrong: one or more plain lines on standard error, and an exit code that scripts can use.
enum CommandFailure {
    /// The exit codes, beside 0 and the 64 of a command line that is wrong.
    enum Code {
        static let anythingElse: Int32 = 1
        static let unreachable: Int32 = 2
        static let notAllowed: Int32 = 3
        static let notFound: Int32 = 4
        static let refused: Int32 = 5
    }

    /// The exit codes, for the help of commands that talk to a server.
    static let codesInWords = """
        Exit codes: 0 done; 2 the server cannot be reached; 3 it knows you not, or you may not; 4 there is no such \
        thing; 5 what was sent or read is refused; 1 anything else; 64 the command line is wrong.
        """

    /// Runs `body`; an error is told in words.
    static func inWords<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        do {
            return try await body()
        } catch let error as ExitCode {
            throw error
        } catch {
            tell(sentence(error))
            throw ExitCode(code(of: error))
        }
    }

    /// Writes a sentence to standard error.
    static func tell(_ sentence: String) {
        FileHandle.standardError.write(Data("qkron: \(sentence.printable)\n".utf8))
    }

    private static func code(of error: any Error) -> Int32 {
        switch error {
        case ClientError.unreachable: Code.unreachable
        case let error as ClientError: code(ofStatus: error.status)
        case is NobodyAsks: Code.notAllowed
        case NodeChoiceError.none, TaskChoiceError.none, is NothingRan: Code.notFound
        case is FileFaults, is FileError: Code.refused
        default: Code.anythingElse
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
        if case ClientError.refused(let refusal) = error, refusal.code == "token_expired" {
            return "\(refusal.sentence) Log in again: 'qkron login'."
        }
        switch OperationError(surfacing: error) {
        case .refused(_, let detail), .tooSoon(_, let detail, _): return detail
        case .invalid(let faults):
            return faults.map { fault in
                let place = fault.place.map { step in
                    switch step {
                    case .key(let key): key
                    case .index(let index): String(index)
                    }
                }
                return "\(place.joined(separator: ".")) \(fault.message)"
            }.joined(separator: "\n")
        case nil: return "\(error)"
        }
    }
}
