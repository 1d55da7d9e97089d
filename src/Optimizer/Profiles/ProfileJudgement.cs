using System.Text.Json.Serialization;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Profiles;

public enum ProfileVerdict
{
    /// <summary>A trouble that was measured is healed by this sysctl.</summary>
    Helps,

    /// <summary>The value holds already, wherever it counts.</summary>
    AlreadySo,

    /// <summary>Nothing that was measured asks for it, or it does not reach whom it is meant for.</summary>
    Useless,

    /// <summary>It may do harm.</summary>
    Dangerous,

    /// <summary>This kernel, or this program, does not know it.</summary>
    Unknown,
}

/// <summary>What one line of a profile is worth on this node.</summary>
/// <param name="Line">As it was given.</param>
/// <param name="Verdict">In one word.</param>
/// <param name="Why">For people.</param>
public sealed record ProfileJudgement(ProfileLine Line, ProfileVerdict Verdict, string Why)
{
    /// <summary>What to do instead of the line, where it helps: in the namespace in which it counts, with a value that was computed.</summary>
    [JsonIgnore]
    public SysctlProposal? Instead { get; init; }

    public override string ToString() => $"{Verdict}: {Line} (line {Line.Number}): {Why}{(Instead is null ? "" : $"; instead: {Instead}")}";
}
