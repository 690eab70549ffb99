import Client
import Domain

/// Finds the account that somebody means: their own, or any for a superuser.
enum AccountChoice {
    /// The id that `text` is, or that the account of this username has.
    ///
    /// - Throws: `ChoiceError` where it fits none; `ClientError`.
    static func id(of text: String, on server: RemoteServer) async throws -> Identifier<User> {
        if let id = Identifier<User>(text) { return id }
        // Only superusers may list the accounts, but everybody may see their own.
        let me = try await server.me()
        if let name = me.member("username")?.textValue, name.hasSameBytes(as: text),
            let id = me.member("id")?.textValue.flatMap(Identifier<User>.init)
        {
            return id
        }
        guard let account = try await server.accounts().first(where: { $0.username.hasSameBytes(as: text) }) else {
            throw ChoiceError.none("There is no account named '\(text)'; 'qkron account list' shows them.")
        }
        return account.id
    }
}
