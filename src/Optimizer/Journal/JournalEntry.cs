using NetPulse.Optimizer.Apply;

namespace NetPulse.Optimizer.Journal;

/// <summary>Where on its way a change is. A later phase is only ever written after the one before it.</summary>
public enum ChangePhase
{
    /// <summary>Decided; nothing is written yet.</summary>
    Planned,

    /// <summary>The node's desired settings hold it; the Tuner has not answered yet.</summary>
    Written,

    /// <summary>The value is in force and is being measured.</summary>
    Applied,

    /// <summary>The canary is verified; more of the workload is given it, or the whole is about to be watched.</summary>
    Widening,

    /// <summary>It is in force as far as it reaches now, and watched.</summary>
    Widened,

    /// <summary>Watched to the end; it is about to lose its end.</summary>
    Keeping,

    /// <summary>It holds without an end.</summary>
    Kept,

    /// <summary>About to be undone.</summary>
    Reverting,

    /// <summary>What held before holds again.</summary>
    RolledBack,

    /// <summary>The Tuner refused it; nothing was changed.</summary>
    NotMade,

    /// <summary>We were killed before it was written; nothing was changed, and it may be planned again at once.</summary>
    Abandoned,

    /// <summary>It is no longer ours: somebody else wrote another value, or the pod is gone.</summary>
    Released,
}

public enum EntryKind
{
    Started,
    /// <summary>One series left its range. Earlier versions wrote it; it is still read.</summary>
    Anomaly,

    /// <summary>Alerts of one trouble began.</summary>
    Incident,

    /// <summary>Something with a limit fills up.</summary>
    Forecast,

    /// <summary>An incident ended.</summary>
    Recovered,
    Finding,
    Proposal,

    /// <summary>What a line of a static profile is worth on a node.</summary>
    Profile,
    Decision,
    Change,
    Problem,

    /// <summary>A change as it stood when the file was begun anew.</summary>
    Carried,
}

/// <summary>One line of the journal.</summary>
/// <param name="Sequence">From 1, without gaps.</param>
/// <param name="At">When it was written.</param>
/// <param name="Kind">What it tells of.</param>
/// <param name="Subject">The edge, pod or file that it is about.</param>
/// <param name="Text">For people.</param>
/// <param name="Details">More lines for people: the proof of a finding, the diff of a proposal.</param>
/// <param name="Change">The whole change, for <see cref="EntryKind.Change"/>; so the journal alone is enough to undo it.</param>
/// <param name="Phase">The phase that the change enters.</param>
/// <param name="Effect">Measured ratio with its interval, where a verdict was reached.</param>
/// <param name="Since">For <see cref="EntryKind.Carried"/>: when the change entered its phase.</param>
/// <param name="AppliedAt">For <see cref="EntryKind.Carried"/>: when the value came into force.</param>
public sealed record JournalEntry(
    long Sequence,
    DateTimeOffset At,
    EntryKind Kind,
    string Subject,
    string Text,
    IReadOnlyList<string>? Details = null,
    Change? Change = null,
    ChangePhase? Phase = null,
    Verify.Effect? Effect = null,
    DateTimeOffset? Since = null,
    DateTimeOffset? AppliedAt = null);

/// <summary>A change and where it is.</summary>
/// <param name="Change">As it was planned.</param>
/// <param name="Phase">The latest.</param>
/// <param name="Since">When it entered that phase.</param>
/// <param name="AppliedAt">When the value came into force; <see langword="null"/> until then.</param>
public sealed record ChangeState(Change Change, ChangePhase Phase, DateTimeOffset Since, DateTimeOffset? AppliedAt)
{
    /// <summary>Whether it still needs a verdict, a write or an undoing.</summary>
    public bool IsOpen => !HasEnded && Phase != ChangePhase.Kept;

    /// <summary>Whether nothing of it is left in force.</summary>
    public bool HasEnded => Phase is ChangePhase.RolledBack or ChangePhase.NotMade or ChangePhase.Abandoned or ChangePhase.Released;
}
