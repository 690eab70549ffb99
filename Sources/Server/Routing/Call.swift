import Domain
import Foundation
import HTTPTypes
import Operations

/// A request on its way into a route's handler.
struct Call: Sendable {
    let caller: Caller
    let path: PathValues
    let fields: RequestFields
    let body: BodySource
    /// The query as it stands in the URL.
    let query: String
    /// Whoever asks, if they still may: for an answer that goes on for long.
    let readmission: @Sendable () async throws -> Caller

    /// Whoever asks; routes that anybody may call do not use it.
    ///
    /// - Throws: `notAuthenticated` for nobody.
    var user: User {
        get throws {
            guard let account = caller.principal.account else { throw OperationError.loginNeeded }
            return account
        }
    }

    /// The id that stands in the path under `name`.
    func identifier<Entity>(_ name: String, of _: Entity.Type = Entity.self) throws -> Identifier<Entity> {
        guard let text = path[name], let id = Identifier<Entity>(text) else {
            throw InputFaults([InputFault([.key(name)], "must be a UUID", type: "uuid_parsing", origin: .path)])
        }
        return id
    }

    /// What `read` takes from the query.
    ///
    /// - Throws: every fault of the query.
    func query<Value>(_ read: (inout QueryReader) -> Value) throws -> Value {
        var reader = QueryReader(query)
        let value = read(&reader)
        try reader.check()
        return value
    }
}

/// Reads two parts of a request, so that the faults of both are told together, the first's first.
///
/// Whatever else goes wrong with the second counts only when there is no fault in the first.
func readBoth<First, Second>(
    _ first: () async throws -> First, _ second: () async throws -> Second
) async throws -> (First, Second) {
    let taken: First
    do {
        taken = try await first()
    } catch let faults as InputFaults {
        do {
            _ = try await second()
        } catch let more as InputFaults {
            throw InputFaults(faults.faults + more.faults)
        } catch {
            throw faults
        }
        throw faults
    }
    return (taken, try await second())
}
