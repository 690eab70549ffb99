import Domain
import Storage

/// What a receiver is told of the end of a run.
struct Callback: JSONWritable {
    private let delivery: DueDelivery

    init(_ delivery: DueDelivery) {
        self.delivery = delivery
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            let isSuccess = delivery.status == .completed
            if !isSuccess { json.member("error", Self.error(delivery.error, of: delivery.status)) }
            json.member("execution_id", delivery.execution)
            if isSuccess {
                json.member("result") { json in
                    json.object { json in
                        json.member("return_code", delivery.returnCode)
                        json.member("stdout", delivery.stdout)
                    }
                }
            }
            json.member("status", isSuccess ? "success" : "failed")
            json.member("task_id", delivery.task)
        }
    }

    /// Of a run that was cancelled between two attempts, the error is that of the attempt.
    static func error(_ error: String?, of status: ExecutionStatus) -> String {
        status == .cancelled ? "Cancelled" : error ?? "The run ended as \(status.rawValue)"
    }
}
