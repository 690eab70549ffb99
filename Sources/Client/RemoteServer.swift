import Domain
import Foundation

/// A server that is asked over HTTP, as one person or as nobody.
///
/// What it can be asked stands in extensions, one folder per noun.
package struct RemoteServer: Sendable {
    package let address: ServerAddress
    private let credential: Credential
    private let security: Security

    /// The server at `address`, asked by whom `credential` names.
    ///
    /// - Parameter authorities: a PEM file of authorities that are trusted beside those of the system.
    /// - Throws: `ClientError.address` where the file cannot be used.
    package init(
        at address: ServerAddress, as credential: Credential = .nobody, trusting authorities: String? = nil
    ) throws(ClientError) {
        self.init(at: address, as: credential, try Security(of: address, authorities: authorities))
    }

    private init(at address: ServerAddress, as credential: Credential, _ security: Security) {
        self.address = address
        self.credential = credential
        self.security = security
    }

    /// The same server, asked with this token.
    func bearing(_ token: String) -> RemoteServer {
        RemoteServer(at: address, as: .token(token), security)
    }

    /// What GET answers for `path`, which follows `/api/v1`.
    ///
    /// - Throws: `ClientError`.
    func get(_ path: String, _ query: [Query] = []) async throws(ClientError) -> JSONValue {
        try await ask(.get, path + query.text)
    }

    /// What POST answers for `path`, which follows `/api/v1`.
    ///
    /// - Throws: `ClientError`.
    func post(_ path: String, _ body: JSONValue? = nil) async throws(ClientError) -> JSONValue {
        try await ask(.post, path, body)
    }

    /// What POST answers for `path`, which follows `/api/v1`, where that holds a sentence.
    ///
    /// - Throws: `ClientError`.
    func message(of path: String) async throws(ClientError) -> RemoteMessage {
        try message(in: try await post(path))
    }

    /// The sentence in an answer.
    func message(in answer: JSONValue) throws(ClientError) -> RemoteMessage {
        guard let text = answer.member("message")?.textValue else {
            throw .strange(address, "its answer holds no message")
        }
        return RemoteMessage(text: text, json: answer)
    }

    /// What PUT answers for `path`, which follows `/api/v1`.
    ///
    /// - Throws: `ClientError`.
    func put(_ path: String, _ body: JSONValue) async throws(ClientError) -> JSONValue {
        try await ask(.put, path, body)
    }

    /// Has what `path` names, which follows `/api/v1`, deleted.
    ///
    /// - Throws: `ClientError`.
    func delete(_ path: String) async throws(ClientError) {
        _ = try await ask(.delete, path)
    }

    /// Has `body` hear the events of the stream at `path`, from the one after `last` on, until the server ends it.
    ///
    /// - Throws: `ClientError`; refused where the answer is no stream.
    func events(
        of path: String, after last: String?, _ body: (ServerEvent) async -> Void
    ) async throws(ClientError) {
        let headers = last.map { [("Last-Event-ID", $0)] } ?? []
        let question = HTTPQuestion(method: .get, path: path, credential: credential, headers: headers, body: nil)
        guard let answer = try await HTTPStream.follow(question, from: address, security, body) else { return }
        throw ClientError(refusal: answer, address)
    }

    private func ask(
        _ method: HTTPQuestion.Method, _ path: String, _ body: JSONValue? = nil
    ) async throws(ClientError) -> JSONValue {
        let question = HTTPQuestion(
            method: method, path: path, credential: credential, body: body?.serializedBytes())
        let answer = try await HTTPExchange.answer(to: question, from: address, security)
        guard (200...299).contains(answer.status) else { throw ClientError(refusal: answer, address) }
        guard !answer.body.isEmpty else { return .null }
        do {
            return try JSONValue.parse(answer.body, maximumDepth: 512)
        } catch {
            throw .strange(address, "its answer is no JSON: \(error)")
        }
    }
}
