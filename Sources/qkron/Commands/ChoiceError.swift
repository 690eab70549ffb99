/// Why it is not plain what a person means; told in one sentence.
enum ChoiceError: Error, CustomStringConvertible {
    /// Nothing is called so.
    case none(String)
    /// Several are called so.
    case several(String)

    var description: String {
        switch self {
        case .none(let sentence), .several(let sentence): sentence
        }
    }
}
