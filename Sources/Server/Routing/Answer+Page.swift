import HTTPTypes

extension Answer {
    /// A page for browsers, with the headers that protect it.
    ///
    /// - Parameter policy: what it may load and do.
    static func page(_ html: [UInt8], policy: String, headers: HTTPFields = [:]) -> Answer {
        var answer = Answer(status: .ok, mediaType: "text/html; charset=utf-8", body: html, headers: headers)
        answer.headers[.contentSecurityPolicy] = policy
        answer.headers[.xFrameOptions] = "DENY"
        answer.headers[.referrerPolicy] = "same-origin"
        answer.headers[.crossOriginOpenerPolicy] = "same-origin"
        return answer
    }
}

extension HTTPField.Name {
    private static func known(_ name: String) -> HTTPField.Name {
        guard let known = HTTPField.Name(name) else { preconditionFailure("\(name) is no name of a field") }
        return known
    }

    static let xFrameOptions = known("X-Frame-Options")
    static let referrerPolicy = known("Referrer-Policy")
    static let crossOriginOpenerPolicy = known("Cross-Origin-Opener-Policy")
}
