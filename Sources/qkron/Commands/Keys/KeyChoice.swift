import Client
import Domain

/// Finds the key that a person means.
enum KeyChoice {
    /// The id that `text` is, or that the only key of this name has, among those of the caller or of another account.
    /// One that works is meant before revoked ones.
    ///
    /// - Throws: `ChoiceError` where it fits none, or several; `ClientError`.
    static func id(
        of text: String, ownedBy owner: Identifier<User>? = nil, on server: RemoteServer
    ) async throws -> Identifier<APIKey> {
        if let id = Identifier<APIKey>(text) { return id }
        let named = try await server.keys(of: owner).filter { $0.name.hasSameBytes(as: text) }
        let working = named.filter { !$0.isRevoked }
        guard working.count <= 1 else {
            let ids = working.map(\.id.description).joined(separator: ", ")
            throw ChoiceError.several("\(working.count) keys are named '\(text)'; say which by its id: \(ids)")
        }
        guard let choice = working.first ?? named.first else {
            throw ChoiceError.none("There is no key named '\(text)'; 'qkron key list' shows them.")
        }
        return choice.id
    }
}
