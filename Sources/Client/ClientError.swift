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
    case refused(Refusal)

    /// The refusal in an answer, where it is one.
    init(refusal answer: HTTPAnswer, _ address: ServerAddress) {
        if answer.mediaType == "application/problem+json", let problem = try? JSONValue.parse(answer.body),
            let refusal = Refusal(status: answer.status, problem)
        {
            self = .refused(refusal)
        } else if answer.status == 429 {
            // A proxy before the server need not speak as it does.
            self = .refused(
                Refusal(
                    status: 429, "\(address) takes no more requests from here for now: wait a minute, and try again."))
        } else {
            self = .strange(address, "it answers \(answer.status) and does not say why")
        }
    }

    /// The status of a refusal; nil for other errors.
    package var status: Int? {
        if case .refused(let refusal) = self { refusal.status } else { nil }
    }

    /// One sentence for the person who asked.
    package var description: String {
        switch self {
        case .address(let sentence): sentence
        case .refused(let refusal): refusal.sentence
        case .unreachable(let address, let why): "The server at \(address) cannot be reached: \(why)."
        case .strange(let address, let why): "There seems to be no qkron of this version at \(address): \(why)."
        }
    }
}
