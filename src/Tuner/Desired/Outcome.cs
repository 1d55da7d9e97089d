using NetPulse.Kubernetes.Objects;

namespace NetPulse.Tuner.Desired;

/// <summary>What became of a setting, or of a value that was held for it.</summary>
/// <param name="Message">For people.</param>
/// <param name="Before">What held before the first write; empty when nothing was written.</param>
/// <param name="Value">What holds now; empty when that is not known.</param>
public sealed record Outcome(SettingState State, string Message, string Before = "", string Value = "");
