namespace NetPulse.Collector.Sources.Kubelet;

/// <summary>The kubelet did not answer, or refused.</summary>
/// <param name="path">What was asked for.</param>
/// <param name="problem">What came, and what to do about it.</param>
/// <param name="isAbsent">Whether this kubelet has no such endpoint.</param>
public sealed class KubeletException(string path, string problem, bool isAbsent, Exception? inner = null) : IOException($"kubelet {path}: {problem}", inner)
{
    public bool IsAbsent { get; } = isAbsent;
}
