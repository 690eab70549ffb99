import Domain

/// Why a server did not do what it was asked for; told in one sentence.
package enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The address cannot be used.
    case address(String)
    /// There is no talking to the server at the address, for this reason.
    case unreachable(ServerAddress, String)
    /// What answers at the address is no qkron of a version that is understood.
    case strange(ServerAddress, String)
    /// The server says no.
    case refused(status: Int, String)

    /// The refusal in an answer: the sentence of its problem (RFC 9457), where it is one.
    init(refusal answer: HTTPAnswer, _ address: ServerAddress) {
        if answer.mediaType == "application/problem+json",
            case .object(let problem)? = try? JSONValue.parse(answer.body),
            case .string(let detail)? = problem["detail"]
        {
            self = .refused(status: answer.status, detail)
        } else {
            self = .strange(address, "it answers \(answer.status) and does not say why")
        }
    }

    /// One sentence for the person who asked.
    package var description: String {
        switch self {
        case .address(let sentence), .refused(_, let sentence): sentence
        case .unreachable(let address, let why): "The server at \(address) cannot be reached: \(why)."
        case .strange(let address, let why): "There seems to be no qkron of this version at \(address): \(why)."
        }
    }
}
