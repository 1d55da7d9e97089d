namespace NetPulse.Lab.Topology;

/// <summary>The lab could not be built, or stopped working.</summary>
/// <param name="tried">What was tried.</param>
/// <param name="reason">What the kernel or the command answered.</param>
/// <param name="remedy">What the user can do.</param>
public sealed class LabException(string tried, string reason, string remedy, Exception? inner = null)
    : IOException($"{tried}: {reason}; {remedy}", inner);
