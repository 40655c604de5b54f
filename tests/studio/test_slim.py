"""What is taken out of our scripts and sheets before they are served, and what is not."""

from studio.slim import slim_script, slim_sheet


def test_a_sheet_loses_comments_and_idle_blanks_only() -> None:
    sheet = """
    /* words: for { people } */
    @media (min-width: 900px) and (scripting: enabled) {
      .a > .b :is(.c, .d)::before { content: "/* a ; b */  , "; width: calc(1px + 2px); } /* more */
      .e .f { --x: 0; opacity: 0.5; margin: -0.25em 10.5px 0 }
    }
    """
    assert slim_sheet(sheet) == (
        "@media (min-width:900px) and (scripting:enabled){.a>.b :is(.c,.d)::before{"
        'content:"/* a ; b */  , ";width:calc(1px + 2px)}.e .f{--x:0;opacity:.5;margin:-.25em 10.5px 0}}'
    )


def test_a_script_loses_lines_that_are_comments_and_keeps_its_line_numbers() -> None:
    script = 'const a = "http://b"; // told\n  // only words\nrun(a);\n'
    assert slim_script(script) == 'const a = "http://b"; // told\n\nrun(a);\n'
