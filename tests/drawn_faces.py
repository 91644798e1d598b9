"""Drawings in which the cascade finds a face."""

from PIL import Image, ImageDraw, ImageFilter

SKIN, HAIR, DARK = (225, 180, 150), (60, 40, 30), (20, 15, 15)


def drawn_face(
    size: tuple[int, int] = (400, 500), at: tuple[int, int] = (200, 260), width: int = 180
) -> Image.Image:
    """A face of `width` pixels around `at` in a picture of `size`."""
    image = Image.new("RGB", size, (90, 110, 140))
    draw = ImageDraw.Draw(image)

    def ellipse(x: float, y: float, across: float, down: float, colour: tuple[int, ...]) -> None:
        box = (x - across, y - down, x + across, y + down)
        draw.ellipse([at[n % 2] + width * value for n, value in enumerate(box)], fill=colour)

    ellipse(0, -0.12, 0.55, 0.72, HAIR)
    ellipse(0, 0.05, 0.46, 0.62, SKIN)
    for side in (-0.2, 0.2):
        ellipse(side, -0.13, 0.13, 0.05, HAIR)
        ellipse(side, -0.05, 0.11, 0.055, (110, 75, 60))
        ellipse(side, -0.05, 0.05, 0.045, DARK)
    ellipse(0, 0.12, 0.05, 0.14, (240, 200, 175))
    ellipse(0, 0.2, 0.09, 0.04, (170, 120, 100))
    ellipse(0, 0.4, 0.18, 0.05, (150, 60, 60))
    return image.filter(ImageFilter.GaussianBlur(width / 60))
