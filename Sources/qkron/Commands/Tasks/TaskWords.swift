import Domain
import Scheduling

/// What the words of a task's policies mean, for people. A word of a newer server stands as it came.
enum TaskWords {
    /// Of `overlap_policy`.
    static func overlap(_ word: String?) -> String {
        switch word.flatMap(OverlapPolicy.init(named:)) {
        case .skip: "skip: a run that meets another is left out"
        case .queue: "queue: a run that meets another waits for it"
        case .allow: "allow: runs go beside each other"
        case .cancelPrevious: "cancel_previous: a new run ends the one before"
        case nil: word ?? "-"
        }
    }

    /// Of `misfire_policy`.
    static func misfire(_ word: String?) -> String {
        switch word.flatMap(MisfirePolicy.init(named:)) {
        case .fireOnce: "fire_once: one run makes up for all that were missed"
        case .skip: "skip: missed runs are left out"
        case .fireAll: "fire_all: every missed run is made up for"
        case nil: word ?? "-"
        }
    }

    /// Of `dst_policy`; nil for the usual one.
    static func clockChange(_ word: String?) -> String? {
        switch word.flatMap(DSTPolicy.init(named:)) {
        case .standard, nil: word == DSTPolicy.standard.rawValue ? nil : word
        case .skip: "skip: times that the clock skips have no run"
        case .once: "once: times that come twice have one run"
        case .twice: "twice: times that come twice have two runs"
        }
    }
}
