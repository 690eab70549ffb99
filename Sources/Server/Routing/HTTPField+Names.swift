import HTTPTypes

extension HTTPField.Name {
    static let apiKey = Self(token: "X-API-Key")
    static let requestID = Self(token: "X-Request-ID")

    private init(token: String) {
        guard let name = Self(token) else { preconditionFailure("'\(token)' cannot name a header") }
        self = name
    }
}
