using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Proposals;

public static class SysctlEffectText
{
    /// <summary>For whom a written value counts, in words, with what has to happen that we do not do ourselves.</summary>
    public static string Of(SysctlEffect effect) => effect switch
    {
        SysctlEffect.Live => "running connections at once",
        SysctlEffect.NewConnections => "new connections at once; running ones may keep what they have",
        SysctlEffect.NewSockets => "sockets made from now on; a process that keeps its sockets profits when it is restarted, which we do not do",
        SysctlEffect.NextListen => "listeners at their next listen(); one that keeps listening profits when its process is restarted, which we do not do",
        _ => "pods made from now on; one that runs profits when it is made anew, which we do not do",
    };
}
