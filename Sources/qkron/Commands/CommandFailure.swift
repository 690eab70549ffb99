import ArgumentParser
import Client
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
    }

    /// Runs `body`; an error is told in words.
    static func inWords<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        do {
            return try await body()
        } catch let error as ExitCode {
            throw error
        } catch {
            FileHandle.standardError.write(Data("qkron: \(sentence(error).printable)\n".utf8))
            throw ExitCode(code(of: error))
        }
    }

    private static func code(of error: any Error) -> Int32 {
        switch error {
        case ClientError.unreachable: Code.unreachable
        case ClientError.refused(status: 401, _), ClientError.refused(status: 403, _), is NobodyAsks: Code.notAllowed
        case ClientError.refused(status: 404, _), NodeChoiceError.none: Code.notFound
        default: Code.anythingElse
        }
    }

    private static func sentence(_ error: any Error) -> String {
        switch OperationError(surfacing: error) {
        case .refused(_, let detail), .tooSoon(_, let detail, _): detail
        case .invalid(let faults):
            faults.map { fault in
                let place = fault.place.map { step in
                    switch step {
                    case .key(let key): key
                    case .index(let index): String(index)
                    }
                }
                return "\(place.joined(separator: ".")) \(fault.message)"
            }.joined(separator: "\n")
        case nil: "\(error)"
        }
    }
}
