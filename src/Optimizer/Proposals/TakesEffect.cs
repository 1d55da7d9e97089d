namespace NetPulse.Optimizer.Proposals;

/// <summary>For whom a written value counts.</summary>
public enum TakesEffect
{
    /// <summary>For running connections too, at once.</summary>
    RunningConnections,

    /// <summary>For connections that begin after it.</summary>
    NewConnections,

    /// <summary>For sockets that are made, or asked for a buffer, after it.</summary>
    NewSockets,

    /// <summary>When a listener calls listen() again.</summary>
    NextListen,

    /// <summary>For pods that are made after it.</summary>
    NewPods,
}

public static class TakesEffectText
{
    /// <summary>In words, with what has to happen that we do not do ourselves.</summary>
    public static string Of(TakesEffect effect) => effect switch
    {
        TakesEffect.RunningConnections => "running connections at once",
        TakesEffect.NewConnections => "new connections at once; running ones may keep what they have",
        TakesEffect.NewSockets => "sockets made from now on; a process that keeps its sockets profits when it is restarted, which we do not do",
        TakesEffect.NextListen => "listeners at their next listen(); one that keeps listening profits when its process is restarted, which we do not do",
        _ => "pods made from now on; one that runs profits when it is made anew, which we do not do",
    };
}
