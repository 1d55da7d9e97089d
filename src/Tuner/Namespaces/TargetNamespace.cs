using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Tuner.Namespaces;

/// <summary>A network namespace, known again for certain.</summary>
/// <param name="Namespace">Where it can be entered.</param>
/// <param name="Cookie">Its cookie; 0 where the kernel has none (before 5.14), and then only the inode tells.</param>
public sealed record TargetNamespace(NetworkNamespace Namespace, ulong Cookie);
