namespace NetPulse.Linux.NetworkNamespaces;

/// <summary>One network namespace of this node.</summary>
/// <param name="Path">A file that stands for it: a bind mount (<c>/run/netns/archive-0</c>) or <c>/proc/PID/ns/net</c>.</param>
/// <param name="Inode">Its number in nsfs; the kernel reuses it once the namespace is gone.</param>
/// <param name="Name"><c>host</c>, the bind mount's name, or <c>COMMAND-PID</c> of a process in it.</param>
public sealed record NetworkNamespace(string Path, ulong Inode, string Name)
{
    public const string HostName = "host";

    /// <summary>Whether it is the node's own, the one that the first process lives in.</summary>
    public bool IsHost => Name == HostName;
}
