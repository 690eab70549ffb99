import HTTPTypes
import Operations

extension Problem {
    /// What people may know of an error; nil when it is our fault and nobody's business.
    init?(surfacing error: any Error) {
        if let problem = error as? Problem {
            self = problem
            return
        }
        if error is CancellationError {
            self.init(.notReady, "The server is shutting down.")
            return
        }
        switch OperationError(surfacing: error) {
        case .invalid(let faults): self.init(invalid: faults)
        case .refused(let refusal, let sentence): self.init(ErrorCode(refusal), sentence)
        case .tooSoon(let refusal, let sentence, let seconds):
            self.init(ErrorCode(refusal), sentence)
            headers[.retryAfter] = String(seconds)
        case nil: return nil
        }
    }

    /// Our fault: the log tells what happened, the answer does not.
    static let internalError = Problem(
        .internalError, "Something went wrong on the server. The log tells more under the request id.")
}

extension ErrorCode {
    /// The code of the same word.
    init(_ refusal: OperationError.Refusal) {
        // There is one for each refusal: a test walks through them.
        self = ErrorCode(rawValue: refusal.rawValue) ?? .internalError
    }
}
