using NetPulse.Kubernetes.Objects;

namespace NetPulse.Tuner.Knobs;

/// <summary>Scope and effect of a sysctl, for people.</summary>
public static class KnobWords
{
    public static string Of(SysctlScope scope) => scope switch
    {
        SysctlScope.Namespace => "each network namespace (a pod's, or the node's own) has one; a new namespace starts with the kernel's default",
        SysctlScope.NamespaceInherited => "each network namespace (a pod's, or the node's own) has one; a new namespace starts with what the node has",
        SysctlScope.Node => "the node has one for all namespaces",
        _ => "this kernel has none",
    };

    public static string Of(SysctlEffect effect) => effect switch
    {
        SysctlEffect.Live => "at once",
        SysctlEffect.NewConnections => "for connections that begin from now on",
        SysctlEffect.NewSockets => "for sockets that are made, or ask for a size, from now on",
        SysctlEffect.NextListen => "at the next listen(): a server that listens already keeps what it had",
        _ => "for interfaces and namespaces that are made from now on",
    };

    /// <summary>What an applied value needs before it helps; empty where it counts by itself.</summary>
    public static string Needed(SysctlEffect effect) => effect switch
    {
        SysctlEffect.Live => "",
        SysctlEffect.NewConnections => "it counts for connections that begin from now on; open ones keep what they had",
        SysctlEffect.NewSockets => "it counts for sockets that are made, or ask for a size, from now on; a program that never opens another would have to be restarted to profit, which is not done here",
        SysctlEffect.NextListen => "it counts at the next listen(); a server that listens already keeps what it had, and its pod would have to be restarted to profit, which is not done here",
        _ => "it counts for interfaces and namespaces that are made from now on; a pod would have to be made anew to profit, which is not done here",
    };
}
