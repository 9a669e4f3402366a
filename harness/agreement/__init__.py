"""Do two detection passes over the same images detect the same?"""
