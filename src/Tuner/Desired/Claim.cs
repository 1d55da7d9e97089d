using NetPulse.Kubernetes.Objects;
using NetPulse.Tuner.Knobs;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Desired;

/// <summary>A setting that may be applied.</summary>
/// <param name="Value">As it is written.</param>
/// <param name="Current">What the kernel says now.</param>
public sealed record Claim(SysctlSetting Setting, Knob Knob, string Value, TargetNamespace Target, string Current)
{
    internal HeldKey Key => new(Target.Namespace.Inode, Target.Cookie, Knob.Sysctl);
}
