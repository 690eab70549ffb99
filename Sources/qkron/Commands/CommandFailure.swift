import ArgumentParser
import Domain
import Foundation
import Operations

/// How commands tell what went wrong: one or more plain lines on standard error, and exit code 1.
enum CommandFailure {
    /// Runs `body`; an error is told in words.
    static func inWords<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        do {
            return try await body()
        } catch let error as ExitCode {
            throw error
        } catch {
            FileHandle.standardError.write(Data("qkron: \(sentence(error))\n".utf8))
            throw ExitCode(1)
        }
    }

    private static func sentence(_ error: any Error) -> String {
        switch OperationError(surfacing: error) {
        case .refused(_, let detail): detail
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
