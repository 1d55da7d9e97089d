namespace NetPulse.Optimizer.Policies.Validation;

/// <summary>Why the API server would reject an object.</summary>
/// <param name="Field">As <c>spec.ingress[0].ports[1].endPort</c>.</param>
/// <param name="Problem">In the API server's words.</param>
public sealed record PolicyFault(string Field, string Problem)
{
    public override string ToString() => $"{Field}: {Problem}";

    internal static PolicyFault Required(string field, string detail) => new(field, detail.Length == 0 ? "Required value" : $"Required value: {detail}");

    internal static PolicyFault Invalid(string field, object value, string detail) => new(field, $"Invalid value: {(value is string text ? $"\"{text}\"" : value)}: {detail}");

    internal static PolicyFault TooMany(string field, int count, int most) => new(field, $"Too many: {count}: must have at most {most} items");

    internal static PolicyFault TooLong(string field, int most) => new(field, $"Too long: may not be more than {most} bytes");

    internal static PolicyFault Forbidden(string field, string detail) => new(field, $"Forbidden: {detail}");

    internal static PolicyFault Unsupported(string field, string value, params string[] supported) =>
        new(field, $"Unsupported value: \"{value}\": supported values: {string.Join(", ", supported.Select(static s => $"\"{s}\""))}");
}
