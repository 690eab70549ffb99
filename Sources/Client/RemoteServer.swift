import Domain
import Foundation

/// A server that is asked over HTTP, as one person or as nobody.
///
/// What it can be asked stands in extensions, one folder per noun.
package struct RemoteServer: Sendable {
    package let address: ServerAddress
    private let token: String?

    /// The server at `address`.
    ///
    /// - Parameter token: what a login gave; nil asks as nobody.
    package init(at address: ServerAddress, token: String? = nil) {
        self.address = address
        self.token = token
    }

    /// The same server, asked with this token.
    func bearing(_ token: String) -> RemoteServer {
        RemoteServer(at: address, token: token)
    }

    /// What GET answers for `path`, which follows `/api/v1`.
    ///
    /// - Throws: `ClientError`.
    func get(_ path: String) async throws(ClientError) -> JSONValue {
        try await ask(HTTPQuestion(method: .get, path: path, token: token, body: nil))
    }

    /// What POST answers for `path`, which follows `/api/v1`.
    ///
    /// - Throws: `ClientError`.
    func post(_ path: String, _ body: JSONValue? = nil) async throws(ClientError) -> JSONValue {
        try await ask(HTTPQuestion(method: .post, path: path, token: token, body: body?.serializedBytes()))
    }

    private func ask(_ question: HTTPQuestion) async throws(ClientError) -> JSONValue {
        let answer = try await HTTPExchange.answer(to: question, from: address)
        guard (200...299).contains(answer.status) else { throw ClientError(refusal: answer, address) }
        guard !answer.body.isEmpty else { return .null }
        do {
            return try JSONValue.parse(answer.body)
        } catch {
            throw .strange(address, "its answer is no JSON: \(error)")
        }
    }
}
