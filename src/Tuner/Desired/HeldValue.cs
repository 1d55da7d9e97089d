using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Desired;

/// <summary>One value that the Tuner has written, or is about to, and what held before: a line of <c>held.jsonl</c>.</summary>
public sealed record HeldValue
{
    /// <summary>The setting that asked for it.</summary>
    public required string Setting { get; init; }

    public required string Sysctl { get; init; }

    /// <summary>Where the namespace was entered.</summary>
    public required string Path { get; init; }

    public required ulong Inode { get; init; }

    public required ulong Cookie { get; init; }

    /// <summary>What held before the first write; a later value of the setting leaves it as it is.</summary>
    public required string Before { get; init; }

    public required string Written { get; init; }

    /// <summary>What the write replaces, while it is under way: <see cref="Before"/>, or an earlier value of ours.</summary>
    public string? Replaced { get; init; }

    public required HeldPhase Phase { get; init; }

    public DateTimeOffset? RevertAt { get; init; }

    /// <summary>When it was written down.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary><c>/proc/sys/kernel/random/boot_id</c>: no value, namespace or cookie outlives it.</summary>
    public required string Boot { get; init; }

    internal HeldKey Key => new(Inode, Cookie, Sysctl);

    internal TargetNamespace Target => new(new NetworkNamespace(Path, Inode, System.IO.Path.GetFileName(Path)), Cookie);

    /// <summary>Whether somebody else has written what a claim finds where this was written for it, whatever its setting was called then: a change renames its own as it is taken further.</summary>
    internal bool IsOverriddenFor(Claim claim) => !Explains(claim.Current) && (Setting == claim.Setting.Name || Written == claim.Value);

    /// <summary>Whether what is read now comes from us; a process that was killed midway may have left each of the values between which it was.</summary>
    internal bool Explains(string? current) =>
        current == Written || (Phase != HeldPhase.Held && (current == Before || current == Replaced));
}

/// <summary>One place for a value.</summary>
internal readonly record struct HeldKey(ulong Inode, ulong Cookie, string Sysctl);

public enum HeldPhase
{
    /// <summary>Written down; the sysctl is written next.</summary>
    Writing,

    /// <summary>The sysctl was written.</summary>
    Held,

    /// <summary>What held before is written back next.</summary>
    Restoring,

    /// <summary>Nothing of ours is left there.</summary>
    Released,

    /// <summary>As <see cref="Released"/>, because its time had passed: it is not applied again, even when the clock goes back.</summary>
    Expired,
}
