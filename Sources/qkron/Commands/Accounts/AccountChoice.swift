import Client
import Domain

/// Finds the account that a superuser means.
enum AccountChoice {
    /// The id that `text` is, or that the account of this username has.
    ///
    /// - Throws: `ChoiceError` where it fits none; `ClientError`.
    static func id(of text: String, on server: RemoteServer) async throws -> Identifier<User> {
        if let id = Identifier<User>(text) { return id }
        guard let account = try await server.accounts().first(where: { $0.username.hasSameBytes(as: text) }) else {
            throw ChoiceError.none("There is no account named '\(text)'; 'qkron account list' shows them.")
        }
        return account.id
    }
}
