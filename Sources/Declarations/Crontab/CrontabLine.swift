import Domain

/// A line of a crontab that says something, and what becomes of it.
package struct CrontabLine: Sendable {
    /// What becomes of it.
    package enum Meaning: Sendable {
        /// It becomes a task, which this sentence explains.
        case task(DeclaredTask, sentence: String)
        /// It sets a variable.
        case variable
        /// It cannot be taken over, for this reason.
        case refused(String)
    }

    /// From 1 on.
    package let number: Int
    /// The line as it is written, without blanks around it.
    package let text: String
    package let meaning: Meaning
    /// What its author may not expect, a sentence each.
    package let notes: [String]
}
