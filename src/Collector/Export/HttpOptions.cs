using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace NetPulse.Collector.Export;

public sealed class HttpOptions
{
    public const string Section = "http";

    /// <summary>Where <c>/metrics</c>, <c>/healthz</c> and <c>/readyz</c> are: 127.0.0.1:9470 unless set; port 0 takes a free one.</summary>
    [ListenAddress]
    public string Listen { get; set; } = "127.0.0.1:9470";
}

[AttributeUsage(AttributeTargets.Property)]
internal sealed class ListenAddressAttribute() : ValidationAttribute("The field {0} must be an address and a port, as 127.0.0.1:9470 or [::]:9470.")
{
    public override bool IsValid(object? value) => value is string text && text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text, out _);
}

[OptionsValidator]
internal sealed partial class HttpOptionsValidator : IValidateOptions<HttpOptions>;
